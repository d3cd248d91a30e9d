"""The request to make a job: every parameter, in OpenAI's ranges."""

import random
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from tunedesk.training_server.store.job_store import NewJob
from tunedesk.training_server.web.request_models import (
    AtMost,
    Expected,
    RequestModel,
    as_object,
    problem,
    wrong_type,
    wrong_value,
)

_MOST_SEED = 2**31 - 1
_ALWAYS = frozenset({"batch_size", "learning_rate_multiplier", "n_epochs", "beta"})
_AUTO = "'auto' or "
_WHOLE = "a whole number from 1 to {} is expected."


def _inside(expected: str) -> Expected:
    """For what is of one of several types: one sentence for all of them."""
    return Expected(expected, speaks_for_inside=True)


Text = Annotated[
    str,
    Field(min_length=1, max_length=512),
    Expected("it must have 1 to 512 letters.", kind="a text"),
]
ShortText = Annotated[
    str, Field(min_length=1, max_length=128), Expected("a text of 1 to 128 letters is expected.")
]
Tag = Annotated[str, Field(min_length=1, max_length=64)]
Auto = Literal["auto"]
Number = int | float


class Hyperparameters(RequestModel):
    """How a job learns from good answers; rank, alpha and dropout are those of LoRA."""

    is_closed = True

    batch_size: Annotated[
        Annotated[int, Field(ge=1, le=256)] | Auto, _inside(_AUTO + _WHOLE.format(256))
    ] = "auto"
    learning_rate_multiplier: Annotated[
        Annotated[Number, Field(gt=0, le=1e6)] | Auto,
        _inside(f"{_AUTO}a number above 0 is expected."),
    ] = "auto"
    n_epochs: Annotated[
        Annotated[int, Field(ge=1, le=50)] | Auto, _inside(_AUTO + _WHOLE.format(50))
    ] = "auto"
    rank: Annotated[int, Field(ge=1, le=1024), Expected(_WHOLE.format(1024))] | None = None
    alpha: (
        Annotated[Number, Field(gt=0, le=65_536), _inside("a number above 0 is expected.")] | None
    ) = None
    dropout: (
        Annotated[Number, Field(ge=0, lt=1), _inside("a number from 0 to below 1 is expected.")]
        | None
    ) = None
    full: Annotated[bool, Expected("true or false is expected.")] | None = None

    @model_validator(mode="after")
    def _check_full(self) -> "Hyperparameters":
        if self.full and self.model_fields_set & {"rank", "alpha", "dropout"}:
            raise problem(
                "invalid_value",
                "Invalid '{param}': rank, alpha and dropout belong to LoRA, and 'full' trains all "
                "weights.",
            )
        return self

    def in_force(self) -> dict[str, Any]:
        """What every job has, and of the rest what was given."""
        kept = self.model_fields_set | _ALWAYS
        return {name: value for name, value in self.__dict__.items() if name in kept}


class PreferenceHyperparameters(Hyperparameters):
    """How a job learns from pairs of answers."""

    beta: Annotated[
        Annotated[Number, Field(gt=0, le=2)] | Auto,
        _inside(f"{_AUTO}a number above 0, at most 2 is expected."),
    ] = "auto"


class MethodSettings(RequestModel):
    """What stands in a method beside its type.

    Attributes:
        hyperparameters: As they came: what they may be depends on the method, and they may stand
            in another place.
    """

    is_closed = True

    hyperparameters: Any = None


Settings = Annotated[
    MethodSettings,
    Expected("an object with 'hyperparameters' is expected.", code="invalid_type"),
]


class Method(RequestModel):
    """How the model learns."""

    type: Annotated[Literal["supervised", "dpo"], Expected("it must be 'supervised' or 'dpo'.")] = (
        Field(default=None, validate_default=True)
    )
    supervised: Settings = MethodSettings()
    dpo: Settings = MethodSettings()

    @field_validator("type", mode="before")
    @classmethod
    def _refuse_reinforcement(cls, given: Any) -> Any:
        if given == "reinforcement":
            raise problem(
                "unsupported_method",
                "This server does not do reinforcement fine-tuning. Use 'supervised' with examples "
                "of good answers, or 'dpo' with pairs of a preferred and a less preferred answer.",
            )
        return given

    @field_validator("type", mode="after")
    @classmethod
    def _refuse_other_keys(cls, kind: str, info: ValidationInfo) -> str:
        for key in info.context["method"] if info.context else ():
            if key not in ("type", kind):
                raise problem(
                    "unknown_parameter",
                    f"Invalid 'method': with the type '{kind}' it has no key '{key[:60]}'.",
                    f"method.{key}"[:80],
                )
        return kind


class WandbSettings(RequestModel):
    """The run at Weights & Biases."""

    is_closed = True

    project: ShortText
    name: ShortText | None = None
    entity: ShortText | None = None
    tags: (
        Annotated[
            list[Tag],
            AtMost(50),
            _inside("at most 50 texts of 1 to 64 letters are expected."),
        ]
        | None
    ) = None


class Integration(RequestModel):
    """Whom a job tells of itself."""

    type: Annotated[Literal["wandb"], Expected("'wandb' is the only one.")] = Field(
        default=None, validate_default=True
    )
    wandb: Annotated[
        WandbSettings,
        Expected(
            "an object with 'project' is expected, and 'name', 'entity', 'tags' where wanted."
        ),
    ] = Field(default=None, validate_default=True)


def _check_metadata(given: dict[str, Any]) -> dict[str, str]:
    if len(given) > 16:
        raise wrong_value("at most 16 pairs are kept.")
    for key, value in given.items():
        if not 1 <= len(key) <= 64:
            raise wrong_value("a key has 1 to 64 letters.")
        if not isinstance(value, str) or len(value) > 512:
            raise wrong_value("a text of at most 512 letters is expected.", param=f"metadata.{key}")
    return given


class JobRequest(RequestModel):
    """What a request to make a job asks for.

    Attributes:
        hyperparameters: The older place of what stands in the method now.
        method: How the model learns; supervised without.
        seed: Of everything random.
        model: What is trained.
        suffix: The user's part of the tuned model's name.
        metadata: The user's own notes.
        integrations: Whom the job tells of itself.
        training_file: The id of the file to train on.
        validation_file: The id of the file to measure with.
    """

    hyperparameters: Annotated[dict[str, Any], Expected(kind="an object")] = Field(
        default_factory=dict
    )
    method: Annotated[Method, Expected(kind="an object")] = Field(
        default=Method(type="supervised"), validate_default=True
    )
    seed: (
        Annotated[
            int,
            Field(ge=0, le=_MOST_SEED),
            Expected(f"it must be a whole number from 0 to {_MOST_SEED}."),
        ]
        | None
    ) = None
    model: Text
    suffix: (
        Annotated[
            str,
            Field(min_length=1, max_length=64),
            Expected("it must have 1 to 64 letters.", kind="a text"),
        ]
        | None
    ) = None
    metadata: (
        Annotated[
            dict[str, Any], Expected(kind="an object of texts"), AfterValidator(_check_metadata)
        ]
        | None
    ) = None
    integrations: (
        Annotated[
            list[Annotated[Integration, BeforeValidator(as_object)]],
            AtMost(5),
            Expected("a list of at most 5 is expected."),
        ]
        | None
    ) = None
    training_file: Text
    validation_file: Text | None = None

    @field_validator("method", mode="after")
    @classmethod
    def _with_hyperparameters(cls, method: Method, info: ValidationInfo) -> Method:
        """The method with its hyperparameters checked, from wherever they stand."""
        older = info.data.get("hyperparameters") or {}
        settings = method.dpo if method.type == "dpo" else method.supervised
        given, place = settings.hyperparameters, f"method.{method.type}.hyperparameters"
        if given is None:
            given, place = older, "hyperparameters"
        elif older:
            raise problem(
                "invalid_value",
                "Give the hyperparameters once: in 'method'; the key 'hyperparameters' is its "
                "older place.",
                "hyperparameters",
            )
        checked = MethodSettings.model_construct(
            hyperparameters=_hyperparameters(given, method.type, place)
        )
        return method.model_copy(update={method.type: checked})

    def new_job(self) -> NewJob:
        """The job that is asked for."""
        settings = self.method.dpo if self.method.type == "dpo" else self.method.supervised
        seed = random.SystemRandom().randrange(_MOST_SEED + 1) if self.seed is None else self.seed
        return NewJob(
            model=self.model,
            method=self.method.type,
            hyperparameters=settings.hyperparameters,
            suffix=self.suffix,
            seed=seed,
            metadata=self.metadata,
            integrations=(
                None
                if self.integrations is None
                else [each.model_dump(exclude_none=True) for each in self.integrations]
            ),
            training_file=self.training_file,
            validation_file=self.validation_file,
        )


def _hyperparameters(given: Any, method: str, place: str) -> dict[str, Any]:
    """The hyperparameters in force; of several that cannot be the first one given is told."""
    if not isinstance(given, dict):
        raise wrong_type("an object", place)
    model = PreferenceHyperparameters if method == "dpo" else Hyperparameters
    known = model.model_fields.keys()
    unknown = next((key for key in given if given[key] is not None and key not in known), None)
    wrong: dict[str, ErrorDetails] = {}
    try:
        checked = model.model_validate({key: given[key] for key in given if key in known})
    except ValidationError as error:
        wrong = {
            str(each["loc"][0] if each["loc"] else "full"): each
            for each in error.errors(include_url=False, include_input=False)
        }
    for key in given:
        param = f"{place}.{key}"[:160]
        if key == unknown:
            text = f"Unrecognized request argument supplied: {param}"
            raise problem("unknown_parameter", text, param)
        if key in wrong:
            raise problem(wrong[key]["type"], wrong[key]["ctx"]["message"], param)
    return checked.in_force()
