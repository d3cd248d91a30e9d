"""How many tokens an example may have for a base model at a provider."""

from tunedesk.checks.models import Catalogue
from tunedesk.checks.targets import target
from tunedesk.fine_tuning.providers import Provider


def longest_example(place: Provider, base_model: str) -> int | None:
    """The tokens beyond which an example is cut or refused; None: they are not known.

    On this computer the model's context decides, elsewhere what the provider publishes for it
    (resources/models.json and providers.json say where both come from).
    """
    catalogue = Catalogue.load()
    if place.name == "local":
        local = catalogue.find_local(base_model)
        return min(target(place.target).token_limit, local.context) if local else None
    for model in place.models:
        if model.id == base_model:
            return model.token_limit
    known = catalogue.find(base_model)
    return known.token_limit if known else None
