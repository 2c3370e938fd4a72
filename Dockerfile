# One image for everything deployed; the command chooses what it is: serve, worker or migrate.

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements/production.txt /build/production.txt
# Wheels only: building from source would run other people's code, and this image has no compiler.
RUN python -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --require-hashes --only-binary=:all: --requirement /build/production.txt

FROM node:24-slim AS web
WORKDIR /build/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci
COPY schema/schema.graphql /build/schema/schema.graphql
COPY web ./
RUN npm run build

FROM python:3.11-slim
# Names and addresses on invoices come in every script: without these fonts they would print as boxes.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends fonts-noto-cjk fonts-noto-core \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin inspectpay
COPY --from=build /opt/venv /opt/venv
WORKDIR /srv/inspectpay
# Named one by one, so that nothing else of the checkout gets in: no sandbox, no tests.
COPY LICENSE pyproject.toml ./
COPY rules rules
COPY graphql_server graphql_server
COPY models models
COPY gateways gateways
COPY operations operations
COPY resolvers resolvers
COPY schema schema
COPY workers workers
COPY app app
COPY --from=web /build/web/dist web/dist
# Compiled now, because the running user may not write here.
RUN /opt/venv/bin/python -m compileall -q .
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s --retries=3 CMD ["python", "-c", \
    "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8000, timeout=3); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
