# Two stages: one builds the wheel with the web app in it, the other only runs it.
FROM python:3.13-slim AS build
WORKDIR /src
COPY . .
ENV CMDB_WEB=require
RUN python -m pip install --no-cache-dir build \
    && python -m build --wheel --outdir /wheels

FROM python:3.13-slim
RUN useradd --system --create-home --uid 10001 cmdb
COPY requirements/sources.txt /tmp/sources.txt
COPY --from=build /wheels /wheels
RUN python -m pip install --no-cache-dir --require-hashes -r /tmp/sources.txt \
    && python -m pip install --no-cache-dir --no-deps /wheels/*.whl \
    && rm -rf /wheels /tmp/sources.txt
USER cmdb
ENV CMDB_HOST=0.0.0.0 CMDB_PORT=8000 PYTHONUNBUFFERED=1
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=5 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
ENTRYPOINT ["cmdb"]
CMD ["serve"]
