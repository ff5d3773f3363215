"""Nothing leaves the portal that AWS would refuse."""

import pytest

from deployments.services import awsnames


@pytest.mark.parametrize("name", ["coe-local", "a.b-c", "abc", "1" * 63])
def test_bucket_names_that_s3_accepts_pass(name: str) -> None:
    assert awsnames.bucket_problem(name) == ""


@pytest.mark.parametrize(
    "name",
    [
        "ab",
        "Upper",
        "-a-b",
        "a..b",
        "a.-b-",
        "10.0.0.1",
        "xn--abc",
        "a" * 64,
        "s3://bucket",
        "with space",
        "a\n",
        "data--x-s3",
        "data.mrap",
    ],
)
def test_bucket_names_that_s3_refuses_are_refused_with_the_rule(name: str) -> None:
    assert "3 to 63 lower-case letters" in awsnames.bucket_problem(name)


@pytest.mark.parametrize(
    "region", ["eu-west-1", "us-gov-west-1", "ap-southeast-7", "us-iso-east-1", "mx-central-1", "eusc-de-east-1"]
)
def test_regions_pass(region: str) -> None:
    assert awsnames.region_problem(region) == ""


@pytest.mark.parametrize("region", ["Ireland", "eu-west", "eu-west-1a", ""])
def test_what_is_no_region_is_refused(region: str) -> None:
    assert "such as eu-west-1" in awsnames.region_problem(region)


@pytest.mark.parametrize(
    "arn", ["arn:aws:iam::111122223333:role/coe", "arn:aws-cn:iam::111122223333:role/a/b_c+=,.@-d"]
)
def test_role_arns_pass(arn: str) -> None:
    assert awsnames.role_problem(arn) == ""


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::1:role/x",
        "arn:aws:iam::\u0661\u0661\u0661122223333:role/x",
        "arn:aws:iam::111122223333:user/coe",
        "role",
        "x" * 3000,
    ],
)
def test_what_is_no_role_is_refused(arn: str) -> None:
    assert "ARN of a role" in awsnames.role_problem(arn)


@pytest.mark.parametrize(
    "url",
    ["https://sqs.eu-west-1.amazonaws.com/111122223333/coe", "http://127.0.0.1:4566/000000000000/coe-portal-events"],
)
def test_queue_urls_pass(url: str) -> None:
    assert awsnames.queue_problem(url) == ""


@pytest.mark.parametrize(
    "url", ["sqs://x", "https://sqs/1/q", "https://h/111122223333/q?x=1", "https://h/111122223333/"]
)
def test_what_is_no_queue_url_is_refused(url: str) -> None:
    assert "URL of an SQS queue" in awsnames.queue_problem(url)


@pytest.mark.parametrize("location", ["s3://claims-data/2026/train.csv", "s3://bucket", "s3://bucket/"])
def test_s3_locations_pass(location: str) -> None:
    assert awsnames.s3_location_problem(location) == ""


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("claims.csv", "does not start with s3://"),
        ("https://bucket/x", "does not start with s3://"),
        ("s3://B/x", "no bucket name"),
        ("s3://bucket/" + "x" * 1100, "longer than 1,024"),
        ("s3://bucket/a\nb", "control characters"),
    ],
)
def test_a_malformed_location_is_refused_with_an_example(location: str, reason: str) -> None:
    sentence = awsnames.s3_location_problem(location)
    assert reason in sentence
    assert "such as s3://bucket/folder/" in sentence


def test_account_numbers_have_twelve_digits() -> None:
    assert awsnames.account_problem("111122223333") == ""
    assert "12 digits" in awsnames.account_problem("1111-2222-3333")
    assert "12 digits" in awsnames.account_problem("١١١١٢٢٢٢٣٣٣٣")
