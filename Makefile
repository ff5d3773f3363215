.PHONY: help run test check bench screens requirements

help: ## list these
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

run: ## start the portal (./portal up)
	./portal up

test: ## run every test (./portal test)
	./portal test

check: ## run what CI runs
	.ci/run

bench: ## measure: make bench NAME=submit
	./portal bench $(NAME)

screens: ## take the pictures in docs/screens anew, from the journey in a real browser
	COE_SCREENS=$(CURDIR)/docs/screens ./portal test tests/browser/test_journey.py tests/browser/test_screens.py -n 0

requirements: ## compile the hashed requirement files from pyproject.toml (needs uv)
	for set in base embedded test browser; do \
	  case $$set in base) extras="";; embedded) extras="--extra embedded";; \
	  test) extras="--extra embedded --extra test";; browser) extras="--extra embedded --extra test --extra browser";; esac; \
	  uv pip compile -q --generate-hashes --universal --no-header --no-emit-index-url --no-emit-find-links \
	    --python-version 3.12 $$extras pyproject.toml -o requirements/$$set.txt; done
