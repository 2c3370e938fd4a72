"""The API as one ASGI application: routes wired to resources, which its lifespan holds."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Final

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request

from app.authentication import authenticate, claim_of
from app.documents import document_routes
from app.exports import export_routes
from app.health import NotReady
from app.logos import logo_routes
from app.metrics import SAMPLE_SECONDS, ApiSamples, MeasuredRequests, metrics_route, sampling
from app.resources import Resources, resources
from app.routes import Application, build_app
from app.settings import Settings
from app.side_server import answering, is_one_of_several
from app.signing import sign_address
from app.throttling import Counters, LinkLimit, SignInLimits
from app.trusted_documents import read_manifest
from app.web_pages import web_routes
from app.webhooks import webhook_routes
from gateways.job_queue import JobName, enqueue
from graphql_server.executor import Executor
from graphql_server.http.admission import Admission, Gate
from graphql_server.http.client_addresses import address_of
from graphql_server.principals import Claim
from graphql_server.reader import Reader
from graphql_server.websocket.endpoint import SubscriptionEndpoint
from graphql_server.websocket.shared import Shared
from models.changes import ChangeListener, Subscription
from models.database import missing_migrations, ping
from operations.identity.ciphers import Cipher
from resolvers.context import Context, Dependencies
from rules.access import Principal, Scope
from schema.root import build_api

QUERIES_PER_CONNECTION: Final = 4
MUTATIONS_PER_CONNECTION: Final = 4
"""Most of a mutation's time may pass at Stripe, without a connection."""


class Wiring:
    """What requests need of the process; complete once the lifespan has begun."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.keys = tuple(settings.address_keys)
        self.api = build_api()
        self.executor = Executor(self.api, introspection=settings.explorer)
        self.changes = ChangeListener(settings.database_url.get_secret_value())
        self.samples: ApiSamples | None = None
        self.held: Resources | None = None
        self.dependencies: Dependencies | None = None
        self.bad_links: LinkLimit | None = None

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Hold the resources, unless somebody else does, and listen for as long as the application serves."""
        async with AsyncExitStack() as stack:
            if self.held is None:
                self.connect(await stack.enter_async_context(resources(self.settings)))
            assert self.held is not None, "connected above"
            await stack.enter_async_context(self.changes.listening(self.held.nudges.listen))
            if self.samples is not None:
                await self._measure(stack, self.samples, self.held)
            yield

    async def _measure(self, stack: AsyncExitStack, samples: ApiSamples, held: Resources) -> None:
        """Take samples, and let Prometheus read them here unless a supervisor adds them up."""

        async def sample() -> None:
            samples.take(held.reading)

        await stack.enter_async_context(sampling(sample, every_seconds=SAMPLE_SECONDS))
        if not is_one_of_several():
            settings = self.settings
            page = answering([metrics_route()], host=settings.metrics_host, port=settings.metrics_port)
            await stack.enter_async_context(page)

    def connect(self, held: Resources) -> None:
        """Wire requests to connections that somebody else holds."""
        key = self.settings.signing_key.get_secret_value()
        counters = Counters(held.redis)
        assert self.api.reads is not None, "the API says what its fields show"
        reader = Reader(self.api.reads, held.reading)
        self.executor.reader = reader
        self.held = held
        self.bad_links = LinkLimit(counters)
        self.dependencies = Dependencies(
            stripe=held.stripe,
            portals=self.settings.portals,
            secret=key,
            cipher=Cipher(self.settings.address_keys),
            enqueue=partial(enqueue, held.redis),
            guard_sign_in=SignInLimits(counters).guard,
            sign_address=partial(sign_address, keys=self.settings.address_keys, public_url=self.settings.public_url),
            reader=reader,
        )

    async def authenticate(self, request: HTTPConnection) -> Principal | None:
        """Who is asking."""
        assert self.bad_links is not None, "requests come after start-up"
        return await authenticate(request, keys=self.keys, bad_links=self.bad_links)

    def make_claim(self, request: HTTPConnection) -> Claim | None:
        """Who asks, as far as their token says."""
        return claim_of(request, keys=self.keys)

    def may_send_files(self, request: HTTPConnection) -> bool:
        """Whether staff ask, as far as their token says: they alone have anything to upload."""
        claim = self.make_claim(request)
        return claim is not None and claim.scopes == (Scope.INSPECTOR,)

    async def reauthenticate(self, request: HTTPConnection) -> Principal | None:
        """Who is still asking, with a token that was valid when they began."""
        return await authenticate(request, keys=self.keys, bad_links=None)

    def make_watching_context(self, principal: Principal, request_id: str, watch: Subscription) -> Context:
        """What resolvers know of a subscription."""
        assert self.dependencies is not None, "websockets come after start-up"
        return Context(authenticated=principal, dependencies=self.dependencies, request_id=request_id, watch=watch)

    def make_context(self, request: Request, principal: Principal | None, request_id: str) -> Context:
        """What resolvers know of a request."""
        assert self.dependencies is not None, "requests come after start-up"
        return Context(
            authenticated=principal,
            dependencies=self.dependencies,
            request_id=request_id,
            address=address_of(request),
            user_agent=request.headers.get("user-agent", ""),
        )

    async def enqueue(self, name: JobName) -> None:
        """Ask the workers to look now."""
        assert self.dependencies is not None, "requests come after start-up"
        await self.dependencies.enqueue(name)

    async def ping_redis(self) -> None:
        """Raises unless Redis answers."""
        assert self.held is not None, "checks come after start-up"
        await self.held.redis.ping()


async def check_migrations() -> None:
    """Raises NotReady while the database lacks a migration that this code counts on."""
    missing = await missing_migrations()
    if missing:
        raise NotReady(f"{len(missing)} migrations are missing, {missing[0]} first: run `python -m app migrate`.")


def admission_of(settings: Settings) -> Admission:
    """How many operations may run at once. Those that run find a connection soon: it takes one only now and then."""
    connections = settings.database_pool_size
    return Admission(Gate(QUERIES_PER_CONNECTION * connections), Gate(MUTATIONS_PER_CONNECTION * connections))


def create_app(settings: Settings, *, held: Resources | None = None) -> Application:
    """The API. With `held`, on connections that the caller keeps open; else its lifespan opens its own.

    Raises ManifestInvalid when the trusted documents can't be read.
    """
    wiring = Wiring(settings)
    if held is not None:
        wiring.connect(held)
    documents = read_manifest(settings.trusted_documents, alone=settings.trusted_documents_only)
    shared = Shared(
        wiring.executor,
        wiring.authenticate,
        wiring.reauthenticate,
        wiring.make_watching_context,
        wiring.changes,
        documents=documents,
        only_differing={Scope.CLIENT},  # They may not learn of what they can't see, such as another's declined card.
    )
    admission = admission_of(settings)
    app = build_app(
        wiring.executor,
        authenticate=wiring.authenticate,
        make_claim=wiring.make_claim,
        may_send_files=wiring.may_send_files,
        make_context=wiring.make_context,
        checks={"database": ping, "migrations": check_migrations, "redis": wiring.ping_redis},
        allowed_origins=[*settings.origins, settings.own_origin],
        explorer=settings.explorer,
        routes=[
            *document_routes(settings.address_keys, settings.origins),
            *export_routes(settings.address_keys, settings.origins),
            *logo_routes(),
            *web_routes(graphiql=settings.explorer),
            *webhook_routes(settings.stripe_webhook_secret.get_secret_value(), wiring.enqueue),
        ],
        subscriptions=SubscriptionEndpoint(shared),
        admission=admission,
        documents=documents,
        lifespan=wiring.lifespan,
    )
    if settings.metrics_port:
        wiring.samples = ApiSamples(admission, wiring.changes)
        app.graphql = MeasuredRequests(app.graphql, documents.operation_names)
    return app
