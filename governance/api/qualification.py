"""Qualification in the API: what reviewers say of an intake, and the decision."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coe_portal.core.api.auth import person_of
from coe_portal.core.api.exceptions import CONTENT_TYPE, problem
from coe_portal.core.api.idempotency import idempotent
from coe_portal.core.models import Scope
from governance.api.qualification_serializers import (
    AnswerTextInput,
    BusinessCaseSerializer,
    DecideIntakeInput,
    EndDeferralInput,
    FieldQuestionSerializer,
    IntakeDecisionSerializer,
    ProjectStageSerializer,
    QualificationSerializer,
    ReviewerInput,
    ReviewInput,
    ReviewSerializer,
)
from governance.services import business_case, qualification
from governance.services.qualification import Wish, summary
from projects.services import field_questions, reviewers
from projects.services.field_questions import Asked

VOID = "What was asked for changed after it was asked, so the request is void and nothing was decided."


class QualificationView(APIView):
    """What reviewers say of an intake: scores with their spread, WSJF and RICE, questions, decisions."""

    @extend_schema(responses=QualificationSerializer)
    def get(self, request: Request, key: str) -> Response:
        person = person_of(request)
        project = summary.find(person, key)
        found, around = summary.of(project, person), summary.around(project)
        body = {
            "project": project.key,
            "revision": project.revision,
            "weights": found.weighing.number,
            "hidden": found.hidden,
            "total": found.summary.total,
            "apart": found.summary.apart,
            "scales": found.scales,
            "reviews": [item.review for item in found.judged],
            "priorities": found.priorities,
            "questions": [reply.question for reply in found.replies],
            "reviewers": [item.user.username for item in around.reviewers],
            "decisions": around.decisions,
            "distinctions": around.distinctions,
        }
        return Response(QualificationSerializer(body).data)


class ReviewView(APIView):
    """Score an intake that is in qualification, as a CoE lead or an invited reviewer."""

    required_scopes = {"post": Scope.DECIDE}

    @extend_schema(request=ReviewInput, responses=ReviewSerializer)
    @idempotent
    def post(self, request: Request, key: str) -> Response:
        wanted = ReviewInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = wanted.validated_data
        review = qualification.give_review(
            project_key=key, scores=dict(given["scores"]), comment=given["comment"], actor=person_of(request)
        )
        return Response(ReviewSerializer(review).data)


class DecideIntakeView(APIView):
    """Decide a concept or a full case: invite, fund, defer, decline or request_changes, each with a reason."""

    required_scopes = {"post": Scope.DECIDE}

    @extend_schema(request=DecideIntakeInput, responses=IntakeDecisionSerializer)
    @idempotent
    def post(self, request: Request, key: str) -> Response:
        wanted = DecideIntakeInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = dict(wanted.validated_data)
        asked = [Asked(item["code"], item["text"], item["field"]) for item in given.pop("questions")]
        wish = Wish(questions=asked, **given)
        decision = qualification.decide_intake(project_key=key, wish=wish, actor=person_of(request))
        if decision is None:  # answered, not raised: the state void must be kept
            return Response(problem("void", VOID, 409), status=409, content_type=CONTENT_TYPE)
        return Response(IntakeDecisionSerializer(decision).data)


class EndDeferralView(APIView):
    """Bring a deferred intake back before its day, with a reason; it is written and submitted again."""

    required_scopes = {"post": Scope.DECIDE}

    @extend_schema(request=EndDeferralInput, responses=ProjectStageSerializer)
    @idempotent
    def post(self, request: Request, key: str) -> Response:
        wanted = EndDeferralInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        project = qualification.end_deferral(project_key=key, actor=person_of(request), **wanted.validated_data)
        return Response(ProjectStageSerializer(project).data)


class ReviewersView(APIView):
    """Ask a colleague to score an intake; that lets them read it."""

    @extend_schema(request=ReviewerInput, responses={201: ReviewerInput})
    @idempotent
    def post(self, request: Request, key: str) -> Response:
        wanted = ReviewerInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        asked = reviewers.invite(project_key=key, username=wanted.validated_data["user"], actor=person_of(request))
        return Response({"user": asked.user.username}, status=201)


class ReviewerView(APIView):
    """Take an invitation back; a review that was given stays."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, key: str, reviewer: str) -> Response:
        reviewers.release(project_key=key, username=reviewer, actor=person_of(request))
        return Response(status=204)


class FieldAnswerView(APIView):
    """Answer a reviewer's question in words; changing the field answers it too."""

    @extend_schema(request=AnswerTextInput, responses=FieldQuestionSerializer)
    @idempotent
    def post(self, request: Request, key: str, asked_id: str) -> Response:
        wanted = AnswerTextInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        answered = field_questions.answer(
            project_key=key, question_id=asked_id, actor=person_of(request), **wanted.validated_data
        )
        return Response(FieldQuestionSerializer(answered).data)


class BusinessCaseView(APIView):
    """The business case as data: the content from which the page and the PDF are made."""

    @extend_schema(responses=BusinessCaseSerializer)
    def get(self, request: Request, key: str) -> Response:
        _, case, _ = business_case.of(person_of(request), key)
        return Response(BusinessCaseSerializer(case).data)
