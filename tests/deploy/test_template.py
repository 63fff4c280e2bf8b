"""template.yaml, compared with what CloudFormation accepts and with what the code reads."""

import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from nova_code_verifier.handlers.report import ISOLATION_LEVELS
from nova_code_verifier.handlers.settings import ExecutorSessions, read_settings
from nova_code_verifier.handlers.telemetry import VerdictClass
from nova_code_verifier.sandbox.types import IsolationLevel
from nova_code_verifier.verifier.types import Source
from tests.deploy.cloudformation import Template
from tests.deploy.conftest import FUNCTION_NAME, TEMPLATE, Log
from tests.paths import EXAMPLES, REPOSITORY

AWS_METRICS = {"Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions"}
ALLOWED_NAMES = (FUNCTION_NAME, f"{FUNCTION_NAME}-executor")
ARN = "arn:aws:lambda:us-east-1:123456789012:function:SageMaker-under-test-executor"
ATTRIBUTES = {"ExecutorFunction.Arn": ARN, "ExecutorFunction.Alias": f"{ARN}:live"}
EVERYTHING = {
    "Rubric": '{"reward": {"range": [-1, 1]}}', "LogSamples": "true", "Trace": "true",
    "JudgeModel": "amazon.nova-lite-v1:0", "ExecutorLogs": "true", "LogLevel": "DEBUG",
    "SharedProcess": "allow", "ExecutorSessions": "never",
    "ProvisionedConcurrency": "2", "ReservedConcurrency": "10", "AlarmTopicArn": "arn:topic",
    "ExecutorProvisionedConcurrency": "2", "ExecutorReservedConcurrency": "10",
    "RequiredIsolation": "kernel", "FlowLogs": "true", "LogGroupsOnDelete": "Retain",
}  # fmt: skip
CFN_LINT = "import sys; from cfnlint import runner; sys.exit(runner.main())"

Metric = tuple[str, str, frozenset[tuple[str, str]]]


def template(**parameters: str) -> Template:
    """Return the template, with these parameters."""
    return Template(TEMPLATE, ATTRIBUTES, FunctionName=FUNCTION_NAME, **parameters)


def functions(of: Template) -> dict[str, Any]:
    """Return the properties of all functions, by the resource's name."""
    return of.of_type("AWS::Serverless::Function")


def environment(of: Template, function: str = "RewardFunction") -> dict[str, str]:
    """Return the variables of a function."""
    variables = functions(of)[function]["Environment"]["Variables"]
    return {name: str(value) for name, value in variables.items()}


def statements(of: Template, role: str) -> list[dict[str, Any]]:
    """Return all statements of a role's policies."""
    policies = of.resources[role]["Properties"]["Policies"]
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def dashboard_widgets(of: Template) -> list[dict[str, Any]]:
    """Return the widgets of the dashboard."""
    (dashboard,) = of.of_type("AWS::CloudWatch::Dashboard").values()
    widgets: list[dict[str, Any]] = json.loads(dashboard["DashboardBody"])["widgets"]
    return widgets


def dashboard_metrics(of: Template) -> Iterator[Metric]:
    """Yield the metrics that the dashboard shows."""
    for widget in dashboard_widgets(of):
        for line in widget["properties"].get("metrics", []):
            namespace, *words = [word for word in line if isinstance(word, str)] or [""]
            if namespace:
                name, *pairs = words
                yield namespace, name, frozenset(zip(pairs[::2], pairs[1::2], strict=True))


def alarm_metrics(of: Template) -> Iterator[Metric]:
    """Yield the metrics that alarms watch."""
    for alarm in of.of_type("AWS::CloudWatch::Alarm").values():
        stats = [
            metric["MetricStat"]["Metric"]
            for metric in alarm.get("Metrics", [])
            if "MetricStat" in metric
        ]
        for metric in stats or [alarm]:
            pairs = frozenset((pair["Name"], pair["Value"]) for pair in metric["Dimensions"])
            yield metric["Namespace"], metric["MetricName"], pairs


# Resources


def test_cfn_lint_finds_nothing() -> None:
    """CloudFormation accepts the template, and that of examples/nova-code-rft."""
    templates = [TEMPLATE, EXAMPLES / "nova-code-rft" / "account.yaml"]
    done = subprocess.run(
        [sys.executable, "-c", CFN_LINT, "--non-zero-exit-code", "informational", *templates],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_function_names_contain_sagemaker() -> None:
    """HyperPod calls only such functions: the default has the word, and the pattern requires it."""
    named = Template(TEMPLATE)

    assert all("SageMaker" in function["FunctionName"] for function in functions(named).values())
    allowed = re.compile(named.parameters["FunctionName"]["AllowedPattern"])
    assert allowed.fullmatch("my-SageMaker-verifier")
    assert not allowed.fullmatch("my-sagemaker-verifier")


@pytest.mark.parametrize("deployment", ["split", "single"])
def test_the_command_of_each_function_is_a_handler(deployment: str) -> None:
    """The module of the command can be imported, and its function can be called."""
    for function in functions(template(Deployment=deployment)).values():
        module, _, name = function["ImageConfig"]["Command"][0].rpartition(".")
        assert callable(getattr(importlib.import_module(module), name))


def test_a_single_deployment_has_no_executor() -> None:
    """It has one function, one role, and no network."""
    kinds = [resource["Type"] for resource in template(Deployment="single").resources.values()]

    assert kinds.count("AWS::Serverless::Function") == kinds.count("AWS::IAM::Role") == 1
    assert not [kind for kind in kinds if kind.startswith("AWS::EC2::")]


# Settings


@pytest.mark.parametrize("parameters", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_variables_are_settings(parameters: dict[str, str]) -> None:
    """The function starts: it knows each variable, and accepts its value."""
    for function in ("RewardFunction", "ExecutorFunction"):
        read_settings(environment(template(**parameters), function))


def test_parameters_become_settings() -> None:
    """The function reads the values that the operator gave to the parameters."""
    settings = read_settings(environment(template(**EVERYTHING)))

    assert (settings.rubric.lowest, settings.log_samples, settings.trace) == (-1, True, True)
    assert settings.judge_model == "amazon.nova-lite-v1:0"
    assert settings.executor_sessions is ExecutorSessions.NEVER


def test_both_functions_require_the_isolation_level() -> None:
    """A function of either kind does not start at a weaker level than the operator accepts."""
    required = template(RequiredIsolation="kernel")

    levels = {
        name: read_settings(environment(required, name)).weakest_level
        for name in functions(required)
    }
    assert levels == dict.fromkeys(("RewardFunction", "ExecutorFunction"), IsolationLevel.KERNEL)


@pytest.mark.parametrize(
    ("parameters", "executor"),
    [
        ({}, ARN),
        ({"ExecutorProvisionedConcurrency": "2"}, f"{ARN}:live"),
        ({"Deployment": "single"}, None),
    ],
    ids=["split", "kept warm", "single"],
)
def test_the_reward_function_knows_its_executor(
    parameters: dict[str, str], executor: str | None
) -> None:
    """Its variable has the ARN of the executor that is deployed with it, or does not exist."""
    variables = environment(template(**parameters))

    assert variables.get("VERIFIER_EXECUTOR_FUNCTION") == executor


# Permissions


def test_the_reward_function_may_only_log_and_call_its_executor() -> None:
    """It has no other permission, as its credentials are in its environment."""
    allowed = {
        action if isinstance(action, str) else tuple(action): statement["Resource"]
        for statement in statements(template(), "RewardRole")
        for action in [statement["Action"]]
    }

    assert allowed == {
        ("logs:CreateLogStream", "logs:PutLogEvents"): (
            "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/SageMaker-under-test:*"
        ),
        "lambda:InvokeFunction": ARN,
    }


def test_a_single_function_may_only_log() -> None:
    """Its candidates run next to its credentials, which allow nothing else."""
    allowed = statements(template(Deployment="single"), "RewardRole")

    assert [statement["Action"] for statement in allowed] == [
        ["logs:CreateLogStream", "logs:PutLogEvents"]
    ]


@pytest.mark.parametrize(
    ("parameters", "resource"),
    [
        ({}, "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"),
        ({"JudgeModelArns": "arn:profile,arn:model"}, ["arn:profile", "arn:model"]),
    ],
    ids=["model", "profile"],
)
def test_the_judge_may_only_call_its_model(parameters: dict[str, str], resource: object) -> None:
    """The only permission for Bedrock is to invoke that model."""
    judged = template(JudgeModel="amazon.nova-lite-v1:0", **parameters)

    found = [
        (statement["Action"], statement["Resource"])
        for statement in statements(judged, "RewardRole")
        if "bedrock" in str(statement["Action"])
    ]
    assert found == [("bedrock:InvokeModel", resource)]


def test_an_executor_with_network_access_has_no_permissions() -> None:
    """Without a VPC of its own and without logs, its role allows nothing."""
    assert statements(template(ExecutorNetwork="open"), "ExecutorRole") == []


def test_code_in_an_isolated_executor_has_no_permissions() -> None:
    """Lambda itself may use the VPC; code with the function's credentials is denied the same."""
    allowed, denied = statements(template(), "ExecutorRole")

    assert (allowed["Effect"], denied["Effect"]) == ("Allow", "Deny")
    assert denied["Action"] == allowed["Action"]
    assert all(action.startswith("ec2:") for action in allowed["Action"])
    assert denied["Condition"] == {"ArnLike": {"lambda:SourceFunctionArn": [ARN, f"{ARN}:*"]}}


def test_an_isolated_network_has_no_way_out() -> None:
    """It has no gateway, route or endpoint, and its only outgoing rule is for the host itself."""
    kinds = {resource["Type"] for resource in template().resources.values()}
    (group,) = template().of_type("AWS::EC2::SecurityGroup").values()

    assert {kind for kind in kinds if kind.startswith("AWS::EC2::")} == {
        "AWS::EC2::VPC",
        "AWS::EC2::Subnet",
        "AWS::EC2::SecurityGroup",
    }
    assert [rule["CidrIp"] for rule in group["SecurityGroupEgress"]] == ["127.0.0.1/32"]
    assert "SecurityGroupIngress" not in group


def test_trainers_may_call_only_for_this_account() -> None:
    """A service acts for all accounts: without the condition, jobs of others could call."""
    permissions = template().of_type("AWS::Lambda::Permission").values()

    assert {permission["Principal"] for permission in permissions} == {
        "bedrock.amazonaws.com",
        "sagemaker.amazonaws.com",
    }
    assert {permission["SourceAccount"] for permission in permissions} == {"123456789012"}
    assert {permission["FunctionName"] for permission in permissions} == {
        "{RewardFunction}",
        "{RewardFunction.Alias}",
    }


def test_only_certain_jobs_may_call() -> None:
    """With a pattern for the ARNs of a service's jobs, its others cannot call."""
    jobs = "arn:aws:sagemaker:us-east-1:123456789012:training-job/code-*"

    permissions = template(SageMakerSourceArn=jobs).of_type("AWS::Lambda::Permission").values()
    sources = {(each["Principal"], each.get("SourceArn")) for each in permissions}
    assert sources == {("bedrock.amazonaws.com", None), ("sagemaker.amazonaws.com", jobs)}


def test_a_boundary_is_that_of_every_role() -> None:
    """A role without it could be refused by the account, or have more than the account allows."""
    boundary = "arn:aws:iam::123456789012:policy/boundary"

    bounded = template(FlowLogs="true", PermissionsBoundary=boundary).of_type("AWS::IAM::Role")
    assert {name: role.get("PermissionsBoundary") for name, role in bounded.items()} == (
        dict.fromkeys(("RewardRole", "ExecutorRole", "FlowLogRole"), boundary)
    )
    assert not any("PermissionsBoundary" in role for role in roles(template()))


def roles(of: Template) -> list[dict[str, Any]]:
    """Return the properties of all roles."""
    return list(of.of_type("AWS::IAM::Role").values())


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        (
            "JudgeModel",
            ["", "amazon.nova-lite-v1:0", "us.amazon.nova-lite-v1:0"],
            ["*", "a:*", "x"],
        ),
        (
            "JudgeModelArns",
            ["", "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"],
            ["*", "arn:aws:bedrock:*:*:*", "arn:aws:s3:::bucket"],
        ),
        ("KmsKeyArn", ["", "arn:aws:kms:us-east-1:123456789012:key/1234-ab"], ["alias/key"]),
        ("AlarmTopicArn", ["", "arn:aws:sns:us-east-1:123456789012:alarms"], ["alarms"]),
        ("PermissionsBoundary", ["", "arn:aws:iam::123456789012:policy/b"], ["b"]),
        ("BedrockSourceArn", ["", "arn:aws:bedrock:us-east-1:123456789012:*"], ["*"]),
        ("SageMakerSourceArn", ["", "arn:aws:sagemaker:us-east-1:123456789012:*"], ["*"]),
    ],
)
def test_parameters_have_patterns(name: str, right: list[str], wrong: list[str]) -> None:
    """What goes into a policy is one name, and no wildcard widens what a role may do."""
    pattern = re.compile(template().parameters[name]["AllowedPattern"])

    assert [text for text in right if not pattern.fullmatch(text)] == []
    assert [text for text in wrong if pattern.fullmatch(text)] == []


def test_log_groups_stay_by_choice() -> None:
    """All of them stay, or all are deleted with the stack; all use the key that is given."""
    key = "arn:aws:kms:us-east-1:123456789012:key/1234-ab"
    kept = template(LogGroupsOnDelete="Retain", KmsKeyArn=key, ExecutorLogs="true", FlowLogs="true")

    groups = [each for each in kept.resources.values() if each["Type"] == "AWS::Logs::LogGroup"]
    assert len(groups) == 3
    assert {(each["DeletionPolicy"], each["UpdateReplacePolicy"]) for each in groups} == {
        ("Retain", "Retain")
    }
    assert {each["Properties"]["KmsKeyId"] for each in groups} == {key}
    assert {function["KmsKeyArn"] for function in functions(kept).values()} == {key}


@pytest.mark.parametrize("role", ["RewardRole", "ExecutorRole"])
def test_the_manual_has_the_policies_of_the_template(role: str) -> None:
    """A deployment by hand, after docs/deploy.md, gives each role the same permissions."""
    deployed = Template(TEMPLATE)
    trust = deployed.resources[role]["Properties"]["AssumeRolePolicyDocument"]
    text = (REPOSITORY / "docs/deploy.md").read_text(encoding="utf-8")
    documents = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]

    assert trust in documents
    assert statements(deployed, role) in [document["Statement"] for document in documents]


def test_the_manual_has_all_parameters() -> None:
    """The table of docs/deploy.md has the name and the default of each."""
    text = (REPOSITORY / "docs/deploy.md").read_text(encoding="utf-8")
    table = [line for line in text.splitlines() if line.startswith("| `")]

    for name, declared in template().parameters.items():
        (line,) = [line for line in table if f"`{name}`" in line.split("|")[1]]
        assert str(declared["Default"]) in line.split("|")[2]


# Metrics


def test_every_watched_metric_is_emitted(log: Log) -> None:
    """The handler emits each metric of an alarm or a widget, with namespace and dimensions."""
    watched = {*alarm_metrics(template()), *dashboard_metrics(template())}

    ours = {metric for metric in watched if not metric[0].startswith("AWS/")}
    assert len(ours) > 10
    assert ours - log.metrics == set()


def test_every_emitted_metric_is_shown(log: Log) -> None:
    """The dashboard shows each metric, as each costs money."""
    shown = {name for _, name, _ in dashboard_metrics(template())}

    assert {name for _, name, _ in log.metrics} - shown == set()


def test_lambdas_metrics_are_those_of_our_functions() -> None:
    """Lambda emits metrics with these names, and the functions are those of the template."""
    watched = {*alarm_metrics(template()), *dashboard_metrics(template())}

    theirs = [metric for metric in watched if metric[0] == "AWS/Lambda"]
    assert {name for _, name, _ in theirs} == AWS_METRICS
    for _, _, dimensions in theirs:
        ((key, name),) = dimensions
        assert (key, name in ALLOWED_NAMES) == ("FunctionName", True)


def test_the_dashboard_shows_every_verdict_class_and_source() -> None:
    """A new class of verdicts, or a new source of tests, needs a widget."""
    shown = {pair for _, _, dimensions in dashboard_metrics(template()) for pair in dimensions}

    assert {value for name, value in shown if name == "verdict_class"} == set(VerdictClass)
    assert {value for name, value in shown if name == "source"} == set(Source) - {Source.NONE}


def test_the_template_has_all_alarms() -> None:
    """Alarms watch errors, throttles, outages, isolation, zeros, durations and violations."""
    alarms = set(template().of_type("AWS::CloudWatch::Alarm"))

    assert alarms == {
        "ErrorsAlarm", "ThrottlesAlarm", "ExecutorErrorsAlarm", "ExecutorThrottlesAlarm",
        "UngradedAlarm", "OutageAlarm", "IsolationAlarm", "ZeroCorrectnessAlarm",
        "DurationAlarm", "SecurityViolationsAlarm",
    }  # fmt: skip


@pytest.mark.parametrize("level", IsolationLevel)
def test_the_isolation_alarm_has_the_value_of_the_metric(level: IsolationLevel) -> None:
    """It compares the metric with the number of the level that the operator names."""
    alarm = template(IsolationAlarmLevel=level).of_type("AWS::CloudWatch::Alarm")["IsolationAlarm"]

    assert int(alarm["Threshold"]) == ISOLATION_LEVELS[level]


@pytest.mark.parametrize("topic", ["", "arn:topic"], ids=["no topic", "topic"])
def test_alarms_notify_the_topic(topic: str) -> None:
    """All alarms notify the topic that is given; without a topic, none has an action."""
    alarms = template(AlarmTopicArn=topic).of_type("AWS::CloudWatch::Alarm").values()

    assert {tuple(alarm.get("AlarmActions", ())) for alarm in alarms} == {(topic,) if topic else ()}


def test_widgets_do_not_overlap() -> None:
    """Each widget has cells of its own in the grid of 24 columns."""
    taken = [
        (x, y)
        for widget in dashboard_widgets(template())
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]

    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24
