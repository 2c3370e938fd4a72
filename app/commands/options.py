"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

DEMO_DATA = Path(".data/demo")

DataDir = Annotated[
    Path, typer.Option(help="Where the embedded PostgreSQL keeps its data; used when DATABASE_URL is not set.")
]
StripeKey = Annotated[
    str, typer.Option(help="The platform account's secret key.", envvar="STRIPE_API_KEY", show_envvar=True)
]
StripeUrl = Annotated[str, typer.Option(help="Where Stripe's API is.", envvar="STRIPE_BASE_URL", show_envvar=True)]
STRIPE_URL = "https://api.stripe.com"
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
CompanyKey = Annotated[str, typer.Argument(metavar="COMPANY", help="The company's key, as `company list` prints it.")]
EmailAddress = Annotated[str, typer.Argument(metavar="EMAIL", help="The address the staff member signs in with.")]
EmailKey = Annotated[str, typer.Argument(metavar="EMAIL", help="The mail's key, as `email list` prints it.")]
PaymentKey = Annotated[str, typer.Argument(metavar="PAYMENT", help="The payment's id, as the API or the audit has it.")]
