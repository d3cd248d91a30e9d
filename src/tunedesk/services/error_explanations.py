"""What the error codes of services mean, in a sentence, and what to do about each.

The codes and texts are those of facts 0, 1.8 and 2.6, of OpenAI's page on error codes, and of
this program's own server.
"""

from typing import NamedTuple

from tunedesk.i18n import _
from tunedesk.services.file_references import explain_example_error, find_file_references
from tunedesk.services.providers import Provider

_BAD_FILE = ("invalid_training_file", "invalid_validation_file", "invalid_file_format")


class Explanation(NamedTuple):
    """What is wrong, and what to do next.

    Attributes:
        sentence: What is wrong.
        advice: What to do; empty where only what the service said itself can tell.
    """

    sentence: str
    advice: str


def explain_code(code: str, message: str, provider: Provider) -> Explanation | None:
    """The words for an error code, or for a text that says the same; None: it is not known.

    Args:
        code: The code as the service gives it.
        message: Its text; some services give no code.
        provider: The provider.
    """
    name = provider.title
    plain = code.casefold().replace("-", "_")
    text = message.casefold()
    if plain == "training_not_available" or "no longer able to create new fine-tuning" in text:
        return Explanation(
            _("{provider} takes no new fine-tuning jobs from your account any more.").format(
                provider=name
            ),
            _(
                "It is closing its fine-tuning. No job was made and nothing is charged. Train "
                "on this computer, or with another provider."
            ),
        )
    if plain in ("insufficient_quota", "quota_exceeded") or "exceeded your current quota" in text:
        return Explanation(
            _("The account at {provider} has no credit left.").format(provider=name),
            _("Add credit or raise the limit on {provider}'s billing page, then try again.").format(
                provider=name
            ),
        )
    if plain == "billing_hard_limit_reached" or "billing hard limit" in text:
        return Explanation(
            _("The spending limit that is set at {provider} has been reached.").format(
                provider=name
            ),
            _("Raise the limit on {provider}'s billing page, or wait for the next month.").format(
                provider=name
            ),
        )
    if plain in ("billing_not_active", "account_deactivated", "access_terminated"):
        return Explanation(
            _("The account at {provider} is not active.").format(provider=name),
            _("See on {provider}'s billing page what is missing.").format(provider=name),
        )
    if plain == "unsupported_country_region_territory":
        return Explanation(
            _("{provider} does not serve the country that you are in.").format(provider=name),
            _("Train on this computer, or with another provider."),
        )
    if plain == "ip_not_authorized":
        return Explanation(
            _("The account at {provider} does not allow this computer's address.").format(
                provider=name
            ),
            _("Ask whoever looks after the account to allow it."),
        )
    return _about_the_job(plain, message, provider)


def _about_the_job(code: str, said: str, provider: Provider) -> Explanation | None:
    name, text = provider.title, said.casefold()
    if "does not support fine-tuning" in text or "not available for fine-tuning" in text:
        return Explanation(
            _("This base model cannot be fine-tuned at {provider}.").format(provider=name),
            _("Choose another base model."),
        )
    if "requires the reinforcement method" in text:
        return Explanation(
            _("This base model can only be trained by reinforcement."),
            _("Choose another base model: Tunedesk does not launch that method."),
        )
    if code == "deploymentnotfound":
        return Explanation(
            _("The tuned model has not been deployed yet at {provider}.").format(provider=name),
            _("Deploy it as shown with the model's name, and ask it by the deployment's name."),
        )
    if code == "model_not_found" or ("model" in text and "does not exist" in text):
        return Explanation(
            _("{provider} has no such model, or the key may not use it.").format(provider=name),
            _("Choose another model, or check the spelling of its name."),
        )
    if code == "file_not_found" or (text.startswith("file '") and "does not exist" in text):
        return Explanation(
            _("{provider} no longer has the file of the examples.").format(provider=name),
            _("Begin a new run: the examples are sent again."),
        )
    if code == "model_not_fetched" and provider.name == "local":
        return _explain_failed_download(text)
    if code == "model_not_fetched":
        return Explanation(
            _("The base model is not on the server's computer yet."),
            _("Let the server fetch it first, or choose one that it has."),
        )
    if code == "does_not_fit":
        return Explanation(
            _("The training does not fit into the memory of the server's computer."),
            _("Choose a smaller base model, or a smaller batch."),
        )
    if code == "invalid_n_examples" or "must have at least" in text:
        return Explanation(
            _("There are too few examples for {provider}.").format(provider=name),
            _("At least 10 are needed, and 50 or more are advised."),
        )
    if "usage policies" in text or "moderation" in text or "flagged" in text:
        return Explanation(
            _("{provider} refused examples: their content breaks its usage rules.").format(
                provider=name
            ),
            _("Change or leave out the examples that it names, and start again."),
        )
    if code == "unsafe_file" or "unsafe training file" in text:
        return Explanation(
            _("{provider} found content in the examples that it does not allow.").format(
                provider=name
            ),
            _("Look for violent, sexual, hateful or self-harming content, and leave it out."),
        )
    if "is in the fine-tune-chat format" in text or "not using 'supervised'" in text:
        return Explanation(
            _("The examples do not fit the training method."),
            _(
                "Conversations are trained by “supervised”, pairs of a preferred and a less "
                "preferred answer by “dpo”."
            ),
        )
    if "unexpected file format" in text:
        return Explanation(
            _("{provider} does not know the form of the examples.").format(provider=name),
            _("It takes conversations, or for “dpo” pairs of answers. Fix or leave out others."),
        )
    # Our own server words each fault plainly itself.
    sentence = explain_example_error(said) if provider.name != "local" else ""
    if code in _BAD_FILE or (sentence and find_file_references(said)):
        return Explanation(
            sentence or _("{provider} cannot read an example.").format(provider=name),
            _("Open the examples that it names and fix what it says there."),
        )
    if "already" in text and ("succeeded" in text or "cancelled" in text or "completed" in text):
        return Explanation(
            _("The job has already ended."),
            _("Nothing was changed. Its last state is shown when it is read again."),
        )
    return None


def explain_status(
    status: int, provider: Provider, host: str, *, has_key: bool = True
) -> Explanation:
    """The words for an HTTP status, where the code says nothing more."""
    name = provider.title
    again = _("Try again in a few minutes; Tunedesk first looks whether it was done after all.")
    if status == 401 and not has_key:
        return Explanation(
            _("{host} asks for a key, and none was given.").format(host=host or name),
            _("Whoever runs it can give you one."),
        )
    if status == 401:
        return Explanation(
            _("{provider} does not accept the key.").format(provider=name),
            _("Copy the key once more. It may be for another account, or no longer valid."),
        )
    if status == 402:
        return Explanation(
            _("{provider} asks for a payment first.").format(provider=name),
            _("Add credit on its billing page, then try again."),
        )
    if status == 403:
        return Explanation(
            _("The key is right, but it may not do this at {provider}.").format(provider=name),
            _(
                "Ask whoever looks after the account to allow fine-tuning, files and models for "
                "this key."
            ),
        )
    if status in (404, 405):
        return Explanation(
            _("{host} does not have what was asked for.").format(host=host or name),
            _("Check the address; most end in /v1. If it is right, it may have been deleted."),
        )
    if status == 413:
        return Explanation(
            _("The file is too large for {provider}.").format(provider=name),
            _("Train on fewer examples."),
        )
    if status == 429:
        return Explanation(
            _("{provider} asks to wait: there were too many requests.").format(provider=name),
            _("Try again in a minute."),
        )
    if status in (408, 504):
        return Explanation(_("{provider} took too long to answer.").format(provider=name), again)
    if status >= 500:
        return Explanation(_("{provider} has a fault of its own.").format(provider=name), again)
    if 300 <= status < 400:
        return Explanation(
            _("{host} says that it has moved.").format(host=host or name),
            _("Check the address, and give the one that it has now."),
        )
    if 200 <= status < 300:
        return Explanation(
            _("The answer of {host} is not one of the fine-tuning API.").format(host=host or name),
            _("Check the address; most end in /v1."),
        )
    return Explanation(_("{provider} refused the request.").format(provider=name), "")


def _explain_failed_download(text: str) -> Explanation:
    """Why this computer could not fetch a base model, by what the hub's library says."""

    def among(*words: str) -> bool:
        return any(word in text for word in words)

    if among("gated", "401", "403", "unauthorized", "forbidden", "restricted"):
        return Explanation(
            _("The base model could not be downloaded: its terms have not been accepted."),
            _(
                "Accept them on its page at Hugging Face and log in there on this computer, or "
                "choose another base model. Nothing was trained."
            ),
        )
    if among("404", "repository not found", "not found for url"):
        return Explanation(
            _("The base model could not be downloaded: there is none of that name."),
            _("Check its name, or choose another base model. Nothing was trained."),
        )
    if among("no space left", "disk"):
        return Explanation(
            _("The base model could not be downloaded: the disk is full."),
            _("Make room, or choose a smaller base model. Nothing was trained."),
        )
    if among("name or service", "resolution", "getaddrinfo", "network", "connect", "timed out"):
        return Explanation(
            _("The base model could not be downloaded: Hugging Face cannot be reached."),
            _(
                "Check the network and run it again; what was downloaded is kept. The starter "
                "needs no download. Nothing was trained."
            ),
        )
    return Explanation(
        _("The base model could not be downloaded."),
        _(
            "Run it again in a few minutes, or choose another base model; the events say more. "
            "Nothing was trained."
        ),
    )
