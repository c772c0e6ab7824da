# The service in a container: docs/service.md says how to set it up.
#   docker build -t mps-rules .
#   docker run --read-only -p 127.0.0.1:8080:8080 -v ./service.yaml:/etc/mps-rules.yaml:ro -v mps-rules:/var/lib/mps-rules mps-rules
FROM python:3.11-slim AS build
WORKDIR /src
COPY bootstrap.lock requirements.lock service.lock pyproject.toml README.md LICENSE NOTICE CHANGELOG.md ./
RUN python -m venv /tools \
 && /tools/bin/pip install --quiet --require-hashes --no-deps --only-binary :all: -r bootstrap.lock \
 && python -m venv --without-pip /opt/mps-rules \
 && /tools/bin/uv pip install --python /opt/mps-rules --require-hashes --build-constraints bootstrap.lock -r service.lock
COPY src src
COPY rules rules
COPY examples examples
RUN /tools/bin/uv build --wheel --build-constraints requirements.lock --require-hashes --out-dir /dist . \
 && /tools/bin/uv pip install --python /opt/mps-rules --no-deps /dist/*.whl

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/mps-rules --create-home mps-rules
COPY --from=build /opt/mps-rules /opt/mps-rules
ENV PATH=/opt/mps-rules/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MPS_RULES_CACHE=
USER mps-rules
WORKDIR /var/lib/mps-rules
VOLUME /var/lib/mps-rules
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/ready', timeout=4)"]
ENTRYPOINT ["mps-rules"]
CMD ["serve", "--config", "/etc/mps-rules.yaml"]
