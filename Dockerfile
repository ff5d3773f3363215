# The production image: base requirements only, an ordinary user, no laptop parts.
FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements/base.txt requirements/base.txt
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements/base.txt

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 DJANGO_SETTINGS_MODULE=coe_portal.settings STATIC_ROOT=/srv/static MEDIA_ROOT=/srv/media
RUN useradd --uid 10001 --create-home portal && mkdir -p /srv/static /srv/media && chown portal /srv/static /srv/media
COPY --from=build /venv /venv
WORKDIR /app
COPY manage.py pyproject.toml ./
COPY coe_portal coe_portal
COPY projects projects
COPY governance governance
COPY deployments deployments
COPY templates templates
COPY static static
RUN rm -rf coe_portal/launcher deployments/local
USER portal
RUN SECRET_KEY=only-while-static-files-are-collected-0123456789-abcdefgh DATABASE_URL=postgres://none/none REDIS_URL=redis://none ALLOWED_HOSTS=none \
    python manage.py collectstatic --noinput -v0
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=3)"]
CMD ["gunicorn", "coe_portal.wsgi", "--bind", "0.0.0.0:8000", "--workers", "4", "--no-control-socket"]
