"""`tunedesk tokens`: how long a data file is, and what training on it would cost."""

import argparse
import datetime
import json
from collections.abc import Sequence
from typing import Any

from tunedesk.checks.cost import estimate
from tunedesk.checks.encodings import DEFAULT_ENCODING, encoding_names
from tunedesk.checks.models import BaseModel, Catalogue
from tunedesk.checks.targets import DEFAULT_TARGET, target
from tunedesk.commands.progress_line import ProgressLine
from tunedesk.errors import UserError
from tunedesk.formats.check_file import check_file
from tunedesk.formats.inspect_file import describe

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def run(options: argparse.Namespace) -> int:
    """Count and print; 2 for a file that is not in the chat format."""
    catalogue = Catalogue.load()
    model = catalogue.find(options.model) if options.model else None
    encoding = options.encoding or DEFAULT_ENCODING
    if options.model:
        encoding = catalogue.encoding_of(options.model)
    if encoding not in encoding_names():
        raise UserError(
            f"There is no encoding named “{encoding}”.",
            f"Choose one of these: {', '.join(encoding_names())}.",
        )
    with ProgressLine(options.file.name) as line:
        report = check_file(options.file, DEFAULT_TARGET, encoding, progress=line.progress)
    if not report.info.is_checked:
        raise UserError(describe(report.info))
    limit = model.token_limit if model else target(DEFAULT_TARGET).token_limit
    found: dict[str, Any] = {
        "file": str(options.file),
        "encoding": encoding,
        "examples": report.examples,
        "tokens": report.message_tokens + report.tool_tokens + report.image_tokens,
        "messages": report.message_tokens,
        "tools_estimate": report.tool_tokens,
        "images_estimate": report.image_tokens,
        "per_example": quantiles(report.lengths),
        "limit": limit,
        "over_limit": [row for row, length in enumerate(report.lengths, 1) if length > limit],
        "cost_estimate": _cost(report.lengths, limit, model, catalogue),
    }
    print(json.dumps(found, ensure_ascii=False) if options.json else _text(found))
    return 0


def quantiles(lengths: Sequence[int]) -> dict[str, int | float]:
    """Least, mean, most and the quantiles by the nearest rank; empty for no lengths."""
    if not lengths:
        return {}
    ordered = sorted(lengths)
    last = len(ordered) - 1
    by_rank: dict[str, int | float] = {
        f"p{round(share * 100)}": ordered[round(share * last)] for share in QUANTILES
    }
    mean = round(sum(ordered) / len(ordered), 1)
    return {"min": ordered[0], **by_rank, "max": ordered[-1], "mean": mean}


def _cost(
    lengths: Sequence[int], limit: int, model: BaseModel | None, catalogue: Catalogue
) -> dict[str, Any]:
    found = estimate(lengths, limit, model)
    cost: dict[str, Any] = {"epochs": found.epochs, "billable_tokens": found.billable_tokens}
    if model is not None:
        cost["model"] = model.id
        cost["shutdown_date"] = model.shutdown_date and model.shutdown_date.isoformat()
    if found.price is not None:
        cost["price"] = round(found.price, 4)
        cost["currency"] = catalogue.currency
        cost["price_date"] = catalogue.price_date.isoformat()
    return cost


def _text(found: dict[str, Any]) -> str:
    about = "about " if found["tools_estimate"] + found["images_estimate"] else ""
    lines = [
        (
            f"{found['file']}: {found['examples']:,} examples, {about}{found['tokens']:,} tokens "
            f"({found['encoding']})"
        ),
        (
            f"  messages {found['messages']:,} exact; tools {found['tools_estimate']:,} and "
            f"images {found['images_estimate']:,} estimated"
        ),
    ]
    spread = ", ".join(f"{name} {value:,}" for name, value in found["per_example"].items())
    estimated = ", with the estimates" if about else ""
    lines.append(f"  per example{estimated}: {spread or 'none'}")
    over = found["over_limit"]
    named = ", ".join(map(str, over[:20])) + (", ..." if len(over) > 20 else "")
    lines.append(
        f"  over the limit of {found['limit']:,} tokens: {len(over):,}"
        + (f" (examples {named})" if over else "")
    )
    cost = found["cost_estimate"]
    lines.append(
        f"  epochs by default {cost['epochs']}, billable tokens {about}{cost['billable_tokens']:,}"
    )
    if "price" in cost:
        lines.append(
            f"  training {cost['model']}: about {cost['price']:,.2f} {cost['currency']} "
            f"(prices of {cost['price_date']})"
        )
    if cost.get("shutdown_date"):
        ended = datetime.date.fromisoformat(cost["shutdown_date"]) <= datetime.date.today()
        lines.append(f"  {cost['model']} {'ended' if ended else 'ends'} on {cost['shutdown_date']}")
    return "\n".join(lines)
