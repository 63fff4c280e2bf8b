"""The template, held against what CloudFormation accepts and what the code does."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest

from nova_code_verifier.handlers.settings import Settings, read_settings
from nova_code_verifier.handlers.telemetry import VerdictClass
from nova_code_verifier.verifier.types import Source
from tests.deploy.cloudformation import Template
from tests.deploy.conftest import FUNCTION_NAME, TEMPLATE, Log
from tests.paths import REPOSITORY

AWS_METRICS = {"Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions"}
ALLOWED_NAMES = (FUNCTION_NAME, f"{FUNCTION_NAME}-executor")
ARN = "arn:aws:lambda:us-east-1:123456789012:function:SageMaker-under-test-executor"
ATTRIBUTES = {"ExecutorFunction.Arn": ARN, "ExecutorFunction.Alias": f"{ARN}:live"}
EVERYTHING = {
    "Rubric": '{"reward": {"range": [-1, 1]}}', "LogSamples": "true", "Trace": "true",
    "JudgeModel": "amazon.nova-lite-v1:0", "ExecutorLogs": "true", "LogLevel": "DEBUG",
    "ProvisionedConcurrency": "2", "ReservedConcurrency": "10", "AlarmTopicArn": "arn:topic",
    "ExecutorProvisionedConcurrency": "2", "ExecutorReservedConcurrency": "10",
}  # fmt: skip
CFN_LINT = "import sys; from cfnlint import runner; sys.exit(runner.main())"
NOT_SETTINGS_YET = {
    "VERIFIER_JUDGE_MODEL", "VERIFIER_EXECUTOR_FUNCTION", "VERIFIER_EXECUTOR_CONCURRENCY",
    "VERIFIER_EXECUTOR_BATCH",
}  # fmt: skip

Metric = tuple[str, str, frozenset[tuple[str, str]]]


def template(**parameters: str) -> Template:
    """Return the template, with these parameters."""
    return Template(TEMPLATE, ATTRIBUTES, FunctionName=FUNCTION_NAME, **parameters)


def functions(of: Template) -> dict[str, Any]:
    """Return the properties of all functions, by the resource's name."""
    return of.of_type("AWS::Serverless::Function")


def environment(of: Template) -> dict[str, str]:
    """Return the variables that the reward function is given."""
    variables = functions(of)["RewardFunction"]["Environment"]["Variables"]
    return {name: str(value) for name, value in variables.items()}


def statements(of: Template, role: str) -> list[dict[str, Any]]:
    """Return all statements of a role's policies."""
    policies = of.resources[role]["Properties"]["Policies"]
    return [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]


def dashboard_widgets(of: Template) -> list[dict[str, Any]]:
    """Return the widgets of the dashboard."""
    (dashboard,) = of.of_type("AWS::CloudWatch::Dashboard").values()
    widgets: list[dict[str, Any]] = json.loads(dashboard["DashboardBody"])["widgets"]
    return widgets


def dashboard_metrics(of: Template) -> Iterator[Metric]:
    """List the metrics that the dashboard shows."""
    for widget in dashboard_widgets(of):
        for line in widget["properties"].get("metrics", []):
            namespace, *words = [word for word in line if isinstance(word, str)] or [""]
            if namespace:
                name, *pairs = words
                yield namespace, name, frozenset(zip(pairs[::2], pairs[1::2], strict=True))


def alarm_metrics(of: Template) -> Iterator[Metric]:
    """List the metrics that alarms watch."""
    for alarm in of.of_type("AWS::CloudWatch::Alarm").values():
        stats = [
            one["MetricStat"]["Metric"] for one in alarm.get("Metrics", []) if "MetricStat" in one
        ]
        for one in stats or [alarm]:
            pairs = frozenset((pair["Name"], pair["Value"]) for pair in one["Dimensions"])
            yield one["Namespace"], one["MetricName"], pairs


# What CloudFormation accepts


def test_cfn_lint_finds_nothing() -> None:
    """The template is one that CloudFormation would take."""
    done = subprocess.run(
        [sys.executable, "-c", CFN_LINT, "--non-zero-exit-code", "informational", TEMPLATE],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_function_names_contain_sagemaker() -> None:
    """HyperPod calls no others: in whatever is deployed, and in whatever may be asked for."""
    named = Template(TEMPLATE)

    assert all("SageMaker" in one["FunctionName"] for one in functions(named).values())
    allowed = re.compile(named.parameters["FunctionName"]["AllowedPattern"])
    assert allowed.fullmatch("my-SageMaker-verifier")
    assert not allowed.fullmatch("my-sagemaker-verifier")


@pytest.mark.parametrize("deployment", ["split", "single"])
def test_a_command_is_a_handler(deployment: str) -> None:
    """What the image is told to run is there to be run."""
    for one in functions(template(Deployment=deployment)).values():
        module, _, name = one["ImageConfig"]["Command"][0].rpartition(".")
        assert callable(getattr(pytest.importorskip(module), name))


def test_a_function_alone_has_no_executor() -> None:
    """The single deployment is one function, one role, one log, and no network."""
    kinds = [one["Type"] for one in template(Deployment="single").resources.values()]

    assert kinds.count("AWS::Serverless::Function") == kinds.count("AWS::IAM::Role") == 1
    assert not [kind for kind in kinds if kind.startswith("AWS::EC2::")]


# Settings


@pytest.mark.parametrize("parameters", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_variables_are_settings(parameters: dict[str, str]) -> None:
    """No variable stops the function's start: each is one that it knows, with a value it takes."""
    known = {f"VERIFIER_{field.name.upper()}" for field in fields(Settings)}
    variables = environment(template(**parameters))

    read_settings({name: variables[name] for name in variables.keys() - (NOT_SETTINGS_YET - known)})


def test_parameters_become_settings() -> None:
    """What the operator asks for arrives."""
    variables = environment(template(**EVERYTHING))
    settings = read_settings(
        {name: variables[name] for name in variables.keys() - NOT_SETTINGS_YET}
    )

    assert (settings.rubric.lowest, settings.log_samples, settings.trace) == (-1, True, True)
    assert variables["VERIFIER_JUDGE_MODEL"] == "amazon.nova-lite-v1:0"


@pytest.mark.parametrize(
    ("parameters", "executor"),
    [
        ({}, ARN),
        ({"ExecutorProvisionedConcurrency": "2"}, f"{ARN}:live"),
        ({"Deployment": "single"}, None),
    ],
    ids=["split", "kept warm", "single"],
)
def test_the_executor_is_named(parameters: dict[str, str], executor: str | None) -> None:
    """The reward function is told of the executor that was deployed with it, if one was."""
    variables = environment(template(**parameters))

    assert variables.get("VERIFIER_EXECUTOR_FUNCTION") == executor


# Permissions


def test_the_reward_function_may_log_and_call_its_executor() -> None:
    """And nothing else: its credentials are in its environment."""
    allowed = {
        action if isinstance(action, str) else tuple(action): one["Resource"]
        for one in statements(template(), "RewardRole")
        for action in [one["Action"]]
    }

    assert allowed == {
        ("logs:CreateLogStream", "logs:PutLogEvents"): (
            "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/SageMaker-under-test:*"
        ),
        "lambda:InvokeFunction": ARN,
    }


def test_a_function_alone_may_only_log() -> None:
    """Where candidates run beside the credentials, there is nothing to call."""
    actions = [one["Action"] for one in statements(template(Deployment="single"), "RewardRole")]

    assert actions == [["logs:CreateLogStream", "logs:PutLogEvents"]]


@pytest.mark.parametrize(
    ("parameters", "resource"),
    [
        ({}, "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"),
        ({"JudgeModelArns": "arn:profile,arn:model"}, ["arn:profile", "arn:model"]),
    ],
    ids=["model", "profile"],
)
def test_the_judge_may_call_its_model(parameters: dict[str, str], resource: object) -> None:
    """Of Bedrock, that model alone."""
    judged = template(JudgeModel="amazon.nova-lite-v1:0", **parameters)

    found = [one for one in statements(judged, "RewardRole") if "bedrock" in str(one["Action"])]
    assert [(one["Action"], one["Resource"]) for one in found] == [
        ("bedrock:InvokeModel", resource)
    ]


def test_an_open_executor_may_do_nothing() -> None:
    """Without a network of its own and without logs its role is empty."""
    assert statements(template(ExecutorNetwork="open"), "ExecutorRole") == []


def test_code_in_an_isolated_executor_may_do_nothing() -> None:
    """What Lambda needs for the network is denied to whatever has the function's credentials."""
    allowed, denied = statements(template(), "ExecutorRole")

    assert (allowed["Effect"], denied["Effect"]) == ("Allow", "Deny")
    assert denied["Action"] == allowed["Action"]
    assert all(action.startswith("ec2:") for action in allowed["Action"])
    assert denied["Condition"] == {"ArnLike": {"lambda:SourceFunctionArn": [ARN, f"{ARN}:*"]}}


def test_an_isolated_network_leads_nowhere() -> None:
    """There is no gateway, route or endpoint, and the only rule out is to the sender itself."""
    kinds = {one["Type"] for one in template().resources.values()}
    (group,) = template().of_type("AWS::EC2::SecurityGroup").values()

    assert {kind for kind in kinds if kind.startswith("AWS::EC2::")} == {
        "AWS::EC2::VPC",
        "AWS::EC2::Subnet",
        "AWS::EC2::SecurityGroup",
    }
    assert [rule["CidrIp"] for rule in group["SecurityGroupEgress"]] == ["127.0.0.1/32"]
    assert "SecurityGroupIngress" not in group


def test_trainers_may_call_in_this_accounts_name_alone() -> None:
    """A service acts for everybody: without the condition, other accounts' jobs could call."""
    permissions = template().of_type("AWS::Lambda::Permission").values()

    assert {one["Principal"] for one in permissions} == {
        "bedrock.amazonaws.com",
        "sagemaker.amazonaws.com",
    }
    assert {one["SourceAccount"] for one in permissions} == {"123456789012"}
    assert {one["FunctionName"] for one in permissions} == {
        "{RewardFunction}",
        "{RewardFunction.Alias}",
    }


@pytest.mark.parametrize("role", ["RewardRole", "ExecutorRole"])
def test_the_policies_of_the_manual_are_the_templates(role: str) -> None:
    """Who deploys by hand gives the roles what the template would, no more and no less."""
    deployed = Template(TEMPLATE)
    trust = deployed.resources[role]["Properties"]["AssumeRolePolicyDocument"]
    text = (REPOSITORY / "docs/deploy.md").read_text(encoding="utf-8")
    documents = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]

    assert trust in documents
    assert statements(deployed, role) in [document["Statement"] for document in documents]


def test_the_manual_has_all_parameters() -> None:
    """Each stands in its table, by its name, with its default."""
    text = (REPOSITORY / "docs/deploy.md").read_text(encoding="utf-8")
    table = [line for line in text.splitlines() if line.startswith("| `")]

    for name, one in template().parameters.items():
        (line,) = [line for line in table if f"`{name}`" in line.split("|")[1]]
        assert str(one["Default"]) in line.split("|")[2]


# Metrics


def test_every_metric_that_is_watched_is_emitted(log: Log) -> None:
    """No alarm and no widget waits for a name, namespace or dimension that never comes."""
    watched = {*alarm_metrics(template()), *dashboard_metrics(template())}

    ours = {one for one in watched if not one[0].startswith("AWS/")}
    assert len(ours) > 10
    assert ours - log.metrics == set()


def test_every_metric_that_is_emitted_is_shown(log: Log) -> None:
    """Nothing is paid for that nobody sees."""
    shown = {name for _, name, _ in dashboard_metrics(template())}

    assert {name for _, name, _ in log.metrics} - shown == set()


def test_metrics_of_lambda_itself_are_those_of_our_functions() -> None:
    """Their names are Lambda's, and their functions are those of the template."""
    watched = {*alarm_metrics(template()), *dashboard_metrics(template())}

    theirs = [one for one in watched if one[0] == "AWS/Lambda"]
    assert {name for _, name, _ in theirs} == AWS_METRICS
    for _, _, dimensions in theirs:
        ((key, name),) = dimensions
        assert (key, name in ALLOWED_NAMES) == ("FunctionName", True)


def test_the_dashboard_shows_every_class_and_source() -> None:
    """A class of verdicts, or a kind of tests, cannot be forgotten."""
    shown = {pair for _, _, dimensions in dashboard_metrics(template()) for pair in dimensions}

    assert {value for name, value in shown if name == "verdict_class"} == set(VerdictClass)
    assert {value for name, value in shown if name == "source"} == set(Source) - {Source.NONE}


def test_there_is_an_alarm_for_all_that_can_go_wrong() -> None:
    """Errors, throttles, ungraded samples, zeros, time, violations; and the executor's."""
    alarms = set(template().of_type("AWS::CloudWatch::Alarm"))

    assert alarms == {
        "ErrorsAlarm", "ThrottlesAlarm", "ExecutorErrorsAlarm", "ExecutorThrottlesAlarm",
        "UngradedAlarm", "ZeroRewardAlarm", "DurationAlarm", "SecurityViolationsAlarm",
    }  # fmt: skip


@pytest.mark.parametrize("topic", ["", "arn:topic"])
def test_alarms_go_where_they_should(topic: str) -> None:
    """All alarms tell the topic that is given, or nobody."""
    alarms = template(AlarmTopicArn=topic).of_type("AWS::CloudWatch::Alarm").values()

    assert {tuple(one.get("AlarmActions", ())) for one in alarms} == {(topic,) if topic else ()}


def test_widgets_do_not_overlap() -> None:
    """Each widget has its place in the grid of 24 columns."""
    taken = [
        (x, y)
        for one in dashboard_widgets(template())
        for x in range(one["x"], one["x"] + one["width"])
        for y in range(one["y"], one["y"] + one["height"])
    ]

    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24
