"""Documents made ready to run: parsed, measured, validated for a scope, and kept for the next request like it."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLFormattedError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)
from graphql.validation.rules import overlapping_fields_can_be_merged
from graphql.validation.specified_rules import recommended_rules, specified_rules
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from graphql_server.authorization import authorization_rule
from graphql_server.errors import ErrorCode, Refusal
from graphql_server.limits import (
    COMMENTS_MAX,
    FIELDS_MAX,
    TOKENS_MAX,
    CyclicFragment,
    OperationTooComplex,
    check_document,
    check_source,
)
from graphql_server.literals import StorableText, name_values
from graphql_server.messages import without_values
from graphql_server.reads import Operation

# A parsed document takes some fifty times its source in memory, so the cache is bounded by the sources' length too.
CACHED_DOCUMENTS_MAX: Final = 1000
CACHED_CHARACTERS_MAX: Final = 1024 * 1024
ERRORS_MAX: Final = 25

# What graphql-core's own check of overlapping fields may spend: two for each pair, so 500 leaves of one name, no more.
# It is meant to be assigned to: https://graphql-core-3.readthedocs.io/en/latest/modules/validation.html
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = FIELDS_MAX * FIELDS_MAX
ABORTED: Final = "Validation aborted."

# How the parser begins when it stops at a limit; it raises the same class for a misplaced comma.
PARSER_LIMIT_MESSAGES: Final = ("Document contains more than", "Document is nested too deeply")


@dataclass(frozen=True, slots=True)
class PreparedOperation:
    """One operation of a document that may run, with what reads keep for it."""

    ast: OperationDefinitionNode
    reads: Operation

    @property
    def kind(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.ast.operation

    @property
    def name(self) -> str | None:
        """Its name in the document."""
        return self.ast.name.value if self.ast.name else None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document that may run with one scope, or else the errors it is refused with.

    `operations` are those of it that were asked for, by the name they were asked for with.
    """

    document: DocumentNode | None
    errors: Sequence[GraphQLFormattedError] = ()
    operations: dict[str | None, PreparedOperation] = field(default_factory=dict)


class Documents:
    """The documents seen last, by text and scope, refused ones included."""

    def __init__(self, schema: GraphQLSchema, scopes: Iterable[str], *, introspection: bool) -> None:
        self.schema = schema
        self.rules = {scope: _rules(scope, introspection=introspection) for scope in (None, *scopes)}
        self.kept: OrderedDict[tuple[str, str | None], Prepared] = OrderedDict()
        self.characters = 0

    def prepare(self, source: str, scope: str | None) -> Prepared:
        """The document ready to run, or its errors. Never raises for anything a client can send."""
        key = (source, scope)
        prepared = self.kept.get(key)
        if prepared is not None:
            self.kept.move_to_end(key)
            return prepared
        try:
            check_source(source)
        except OperationTooComplex as refusal:
            return Prepared(None, (format_refusal(refusal),))
        prepared = self._prepare(source, scope)
        self._keep(key, prepared)
        return prepared

    def _prepare(self, source: str, scope: str | None) -> Prepared:
        try:
            document = parse(source, max_lexical_tokens=TOKENS_MAX, max_comments=COMMENTS_MAX)
            check_document(document)
            errors = validate(self.schema, document, self.rules[scope], ERRORS_MAX, hide_suggestions=True)
            _check_completed(errors)
            name_values(document, errors)
            return Prepared(None if errors else document, tuple(format_error(error) for error in errors))
        except GraphQLSyntaxError as error:
            return Prepared(None, (_format_syntax_error(error),))
        except (OperationTooComplex, CyclicFragment) as refusal:
            return Prepared(None, (format_refusal(refusal),))
        except RecursionError:
            return Prepared(None, (format_refusal(OperationTooComplex("The document is nested too deeply.")),))

    def _keep(self, key: tuple[str, str | None], prepared: Prepared) -> None:
        self.kept[key] = prepared
        self.characters += len(key[0])
        while len(self.kept) > CACHED_DOCUMENTS_MAX or self.characters > CACHED_CHARACTERS_MAX:
            (source, _), _ = self.kept.popitem(last=False)
            self.characters -= len(source)


def format_error(error: GraphQLError, code: ErrorCode = ErrorCode.MALFORMED_OPERATION) -> GraphQLFormattedError:
    """The error as it is sent, with a code whatever raised it."""
    formatted = error.formatted
    formatted["message"] = without_values(formatted["message"])
    formatted["extensions"] = {"code": code.value, **formatted.get("extensions", {})}
    return formatted


def format_refusal(refusal: Refusal, path: Sequence[str | int] | None = None) -> GraphQLFormattedError:
    """A refusal as a top-level error, with the path of the input field at fault."""
    formatted: GraphQLFormattedError = {"message": refusal.message, "extensions": {"code": str(refusal.code)}}
    if refusal.field is not None:
        formatted["extensions"]["field"] = list(refusal.field)
    if refusal.retry_after_seconds is not None:
        formatted["extensions"]["retryAfterSeconds"] = refusal.retry_after_seconds
    if path is not None:
        formatted["path"] = list(path)
    return formatted


def _check_completed(errors: Sequence[GraphQLError]) -> None:
    if any(error.message == ABORTED for error in errors):
        raise OperationTooComplex("The document selects the same fields over and over; select each of them once.")


def _format_syntax_error(error: GraphQLSyntaxError) -> GraphQLFormattedError:
    too_long = any(message in error.message for message in PARSER_LIMIT_MESSAGES)
    return format_error(error, ErrorCode.OPERATION_TOO_COMPLEX if too_long else ErrorCode.MALFORMED_OPERATION)


def _rules(scope: str | None, *, introspection: bool) -> list[type[ASTValidationRule]]:
    rules = [*specified_rules, *recommended_rules, MaybeNullValidationRule, OneOfInputValidationRule, StorableText]
    if not introspection:
        rules.append(NoSchemaIntrospectionCustomRule)
    return [*rules, authorization_rule(scope)]
