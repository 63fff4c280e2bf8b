"""examples/nova-code-rft: every file and command of the page, without an account.

The commands are read from the page itself. AWS's side is botocore's service models, and AWS's own
recipes as `aws_recipes.json` records them: all values, and the limits of some.
"""

import json
import re
import runpy
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore import xform_name
from botocore.session import Session

from nova_code_verifier.handlers.reward import lambda_handler
from tests.deploy.aws_requests import operation, problems
from tests.deploy.cloudformation import Template
from tests.deploy.conftest import TEMPLATE
from tests.deploy.test_template import alarm_metrics, dashboard_metrics
from tests.paths import EXAMPLES
from tests.unit.handlers.cli.command_line import COMMAND

EXAMPLE = EXAMPLES / "nova-code-rft"
PAGE = (EXAMPLE / "README.md").read_text("utf-8")
COMMANDS = [
    command.partition("    #")[0]
    for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    for command in block.replace("\\\n", "").splitlines()
]
ACCOUNT = "111122223333"
AWS = json.loads(Path(__file__).with_name("aws_recipes.json").read_text("utf-8"))["recipes"]
OWN = {
    "run.name", "run.data_s3_path", "run.output_s3_path", "run.reward_lambda_arn",
    "run.mlflow_experiment_name", "run.mlflow_run_name",
    "training_config.rollout.rewards.api_endpoint.lambda_arn",
}  # fmt: skip
"""What everyone sets to names of their own."""
WITHOUT_A_MODEL = {("cloudformation", "deploy"), ("s3", "cp"), ("s3", "rm"), ("logs", "tail")}
"""Commands that the AWS CLI adds to the operations of the services."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the example, and fill in the account as the page does."""
    folder = shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("example") / "nova-code-rft")
    (folder / "train.jsonl").unlink()
    (fill_in,) = [line for line in COMMANDS if line.startswith("for file in ")]
    script = f"set -eu; ACCOUNT={ACCOUNT}; mkdir -p mine; {fill_in}"
    subprocess.run(["sh", "-c", script], cwd=folder, check=True)
    return folder


def request(folder: Path, name: str) -> dict[str, Any]:
    """Return a request after step 3."""
    content: dict[str, Any] = json.loads((folder / "mine" / name).read_text("utf-8"))
    return content


def recipe(name: str) -> dict[str, Any]:
    """Return the leaves of our recipe by their paths, with references resolved."""
    text = (EXAMPLE / "recipes" / f"{name}.yaml").read_text("utf-8")
    leaves = dict(flat(yaml.safe_load(text)))
    return {path: resolved(value, leaves) for path, value in leaves.items()}


def resolved(value: object, leaves: dict[str, Any]) -> object:
    """Return what a value of a recipe means, if the other values are *leaves*."""
    reference = re.fullmatch(r"\$\{oc\.select:(.+)\}", str(value))
    return leaves[reference[1]] if reference else value


def flat(value: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of a recipe, with their paths."""
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from flat(inner, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", inner


def uploads() -> dict[str, str]:
    """Return what the page copies to S3: the object, and the local file."""
    pairs = [re.fullmatch(r'aws s3 cp (\S+) "(\S+)"', line) for line in COMMANDS]
    return {pair[2].replace("$ACCOUNT", ACCOUNT): pair[1] for pair in pairs if pair}


# Data


def test_the_command_of_the_page_writes_the_rows(folder: Path) -> None:
    """`train.jsonl` is what `verifier convert` makes of the data set today."""
    (command,) = [line for line in COMMANDS if line.startswith("verifier convert ")]
    subprocess.run([*COMMAND, *command.split()[1:]], cwd=folder, check=True, capture_output=True)

    written = (folder / "train.jsonl").read_bytes()

    assert written == (EXAMPLE / "train.jsonl").read_bytes()
    assert written.count(b"\n") >= 100  # AWS asks for as many


def test_reference_solutions_earn_everything_and_others_less() -> None:
    """The handler gets rows as the trainer sends them, with the answer of the model.

    A quarter of the rows: tests/e2e/test_nova_code_rft.py sends all of them.
    """
    check = runpy.run_path(str(EXAMPLE / "check_function.py"))
    lines = (EXAMPLE / "train.jsonl").read_text("utf-8").splitlines()
    samples = check["samples_of"]([json.loads(line) for line in lines[::4]])

    answers: Any = lambda_handler(samples)

    rewards = [answer["aggregate_reward_score"] for answer in answers]
    assert [answer["id"] for answer in answers] == [sample["id"] for sample in samples]
    assert set(rewards[::2]) == {1.0}
    assert max(rewards[1::2]) < 1.0
    assert [*check["unexpected"](answers)] == []


# Requests


@pytest.mark.parametrize(
    ("name", "service", "operation_name"),
    [
        ("bedrock-job.json", "bedrock", "CreateModelCustomizationJob"),
        ("training-job.json", "sagemaker", "CreateTrainingJob"),
    ],
)
def test_the_service_models_accept_the_requests(
    folder: Path, name: str, service: str, operation_name: str
) -> None:
    """Members, types, limits, patterns (the function's ARN, too) and enumerations fit."""
    assert problems(request(folder, name), service, operation_name) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"batchSize": 16', '"batchSize": 8'),
        ('"epochCount": 2', '"epochCount": 51'),
        ('"reasoningEffort": "high"', '"reasoningEffort": "extreme"'),
        ('"trainingSamplePerPrompt"', '"trainingSamplesPerPrompt"'),
        (":function:SageMaker", ":layer:SageMaker"),
        ('"jobName": "nova-code-rft-1",', ""),
    ],
)
def test_a_wrong_request_is_noticed(folder: Path, old: str, new: str) -> None:
    """The check sees minima, maxima, enumerations, unknown and missing members, and patterns."""
    text = json.dumps(request(folder, "bedrock-job.json"))
    assert old in text

    wrong = json.loads(text.replace(old, new))

    assert problems(wrong, "bedrock", "CreateModelCustomizationJob")


def test_the_jobs_read_what_the_page_uploads(folder: Path) -> None:
    """Rows and recipe are where Bedrock, training job and recipes look for them."""
    objects = uploads()
    training_job = request(folder, "training-job.json")
    sources = [channel["DataSource"] for channel in training_job["InputDataConfig"]]
    train, recipe_folder = (source["S3DataSource"]["S3Uri"] for source in sources)
    in_container = training_job["HyperParameters"]["sagemaker_recipe_local_path"]

    assert objects[train] == "train.jsonl"
    recipe_file = in_container.removeprefix("/opt/ml/input/data/recipe/")
    assert objects[recipe_folder + recipe_file] == "mine/training-job.yaml"
    assert request(folder, "bedrock-job.json")["trainingDataConfig"]["s3Uri"] == train
    for name in AWS:
        own = yaml.safe_load((folder / "mine" / f"{name}.yaml").read_text("utf-8"))
        assert own["run"]["data_s3_path"] == train


# Recipes


@pytest.mark.parametrize("name", AWS)
def test_a_recipe_has_the_keys_of_the_one_by_aws(name: str) -> None:
    """No key is missing, and none is new, except for those that AWS documents elsewhere."""
    keys = AWS[name]["values"].keys() | AWS[name]["documented_elsewhere"].keys()

    assert recipe(name).keys() == keys


@pytest.mark.parametrize("name", AWS)
def test_the_values_of_a_recipe_are_within_the_limits(name: str) -> None:
    """AWS's templates state a minimum and a maximum, or all values, for some keys."""
    own = recipe(name)

    for path, limits in AWS[name]["limits"].items():
        value = own[path]
        assert value in limits.get("enum", [value]), path
        assert limits.get("min", value) <= value <= limits.get("max", value), path


@pytest.mark.parametrize("name", AWS)
def test_values_that_differ_from_those_of_aws_say_so(name: str) -> None:
    """The comment beside such a value has AWS's value, and no other comment claims one."""
    own = recipe(name)
    text = (EXAMPLE / "recipes" / f"{name}.yaml").read_text("utf-8")

    aws = {path: resolved(value, own) for path, value in AWS[name]["values"].items()}
    changed = {path.rpartition(".")[2]: str(value) for path, value in aws.items()
               if path not in OWN and own[path] != value}  # fmt: skip

    assert dict(re.findall(r"^ *(\w+): .*# AWS: (\w+)", text, re.MULTILINE)) == changed


def test_the_recipe_of_a_training_job_needs_no_omegaconf() -> None:
    """The request hands over the file as it is: the SDK, which resolves references, is not used."""
    assert "${" not in (EXAMPLE / "recipes" / "training-job.yaml").read_text("utf-8")


def test_the_request_agrees_with_the_recipe(folder: Path) -> None:
    """`sagemaker-train` takes these values of the request from the recipe."""
    own = yaml.safe_load((folder / "mine" / "training-job.yaml").read_text("utf-8"))
    training_job = request(folder, "training-job.json")

    assert training_job["ResourceConfig"]["InstanceCount"] == own["run"]["replicas"]
    assert training_job["HyperParameters"]["base_model"] == own["run"]["model_name_or_path"]
    assert training_job["HyperParameters"]["reward_lambda_arn"] == own["run"]["reward_lambda_arn"]
    endpoint = own["training_config"]["rollout"]["rewards"]["api_endpoint"]
    assert endpoint["lambda_arn"] == own["run"]["reward_lambda_arn"]


# Deployment


def test_the_jobs_name_what_the_stacks_create() -> None:
    """Function, roles and bucket of requests and recipes are those of the two templates."""
    account = Template(EXAMPLE / "account.yaml")
    function = Template(TEMPLATE).parameters["FunctionName"]["Default"]
    roles = {role["RoleName"] for role in account.of_type("AWS::IAM::Role").values()}
    (bucket,) = (bucket["BucketName"] for bucket in account.of_type("AWS::S3::Bucket").values())
    (policy,) = account.of_type("AWS::IAM::ManagedPolicy").values()
    files = [EXAMPLE / "bedrock-job.json", EXAMPLE / "training-job.json"]
    files += [EXAMPLE / "recipes" / f"{name}.yaml" for name in AWS]
    text = "".join(path.read_text("utf-8") for path in files)

    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{function}"
    assert set(re.findall(r"arn:aws:lambda:[\w:-]+", text)) == {arn}
    assert policy["PolicyDocument"]["Statement"][0]["Resource"] == arn
    assert set(re.findall(r"arn:aws:iam::123456789012:role/([\w-]+)", text)) == roles
    assert set(re.findall(r"s3://([\w-]+)", text)) == {bucket}


def test_the_page_replaces_every_account_number(folder: Path) -> None:
    """Nothing that a job gets names the example's account."""
    filled = [path.read_text("utf-8") for path in (folder / "mine").iterdir()]

    assert len(filled) == 4
    assert all(ACCOUNT in text and "123456789012" not in text for text in filled)


# The page


def aws_commands() -> list[list[str]]:
    """Return the words of the page's calls of the AWS CLI."""
    text = "\n".join(COMMANDS)
    return [found.split() for found in re.findall(r"\baws ((?:[^\n'#]|'[^']*')+)", text)]


def test_the_calls_of_the_aws_cli_exist() -> None:
    """Service, operation and options are those of the service models."""
    checked = 0
    for service, name, *words in aws_commands():
        if (service, name) in WITHOUT_A_MODEL:
            continue
        model = Session().get_service_model(service)
        operations = {xform_name(found, "-"): found for found in model.operation_names}
        shape = operation(service, operations[name]).input_shape
        members = {xform_name(member, "-") for member in shape.members} if shape else set()
        options = {word[2:] for word in words if word.startswith("--")}
        assert options <= members | {"cli-input-json", "query", "output"}, name
        checked += 1
    assert checked >= 7


def test_the_metrics_and_queries_of_the_page_exist() -> None:
    """Each is in the dashboard or the alarms of the template, or among its saved queries."""
    table = PAGE.partition("## 5. Watch")[2].partition("## 6.")[0]
    template = Template(TEMPLATE)
    metrics = {name for _, name, _ in (*dashboard_metrics(template), *alarm_metrics(template))}
    queries = {
        query["Name"].rpartition("/")[2]
        for query in template.of_type("AWS::Logs::QueryDefinition").values()
    }

    first_column = "".join(re.findall(r"^\| ([^|]*)\|", table, re.MULTILINE))
    assert set(re.findall(r"`([A-Z]\w+)`", first_column)) <= metrics
    named = set(re.findall(r"query `([^`]+)`", table))
    assert named
    assert named <= queries


def test_the_files_of_the_page_are_those_of_the_folder() -> None:
    """The table at the top names each file, and no other."""
    table = PAGE.partition("## 1.")[0]
    files = {str(path.relative_to(EXAMPLE)) for path in EXAMPLE.rglob("*.*") if path.is_file()}

    named = re.findall(r"`([\w/-]+\.\w+)`", "".join(re.findall(r"^\| (`[^|]*)\|", table, re.M)))

    assert sorted(named) == sorted(files - {"README.md"})
