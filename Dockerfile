# The server, for compose.yaml and deploy/kubernetes.yaml. `python3 -m tools.image` carries out what stands
# here where no engine runs, and refuses what it does not know.

FROM python:3.13-slim AS builder
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build

# First what changes seldom: these layers are made anew only when a lock changes. Every file is one that the
# lock names by its hash, and none is compiled here. The environment has no pip: this one's fills it.
COPY requirements/run.lock requirements/uv.lock requirements/
RUN python -m venv --without-pip /opt/punnet \
    && pip --python /opt/punnet/bin/python install --require-hashes --only-binary :all: \
        --requirement requirements/run.lock
RUN pip install --require-hashes --only-binary :all: --requirement requirements/uv.lock

# uv has the builder that pyproject.toml names inside, so that nothing more is fetched.
# The files of the JavaScript client are links to clients/js/src; in the wheel they are files.
COPY pyproject.toml README.md LICENSE ./
COPY clients/js/src clients/js/src
COPY src src
RUN uv build --wheel --offline --no-cache --out-dir dist \
    && pip --python /opt/punnet/bin/python install --no-deps --no-index dist/*.whl

# What tests numpy and the compiler is 30 MB, and nothing that runs imports it. Libraries stay as the lock has
# them, byte for byte. What Python made of the sources (.pyc) stays too: no start could write it again.
RUN cd /opt/punnet/lib/python3.*/site-packages \
    && find numpy numba llvmlite -type d -name tests -prune -exec rm -r {} +


FROM python:3.13-slim
RUN useradd --uid 10001 --home-dir /var/lib/punnet --no-create-home --shell /usr/sbin/nologin punnet \
    && install --directory --owner=punnet --group=punnet --mode=0700 /var/lib/punnet
COPY --from=builder /opt/punnet /opt/punnet

# No loop is compiled while the image is built: machine code is kept for one model of CPU, another one
# compiles anew, and code for any CPU would be slower on each. The first start compiles for a quarter of a
# minute and keeps that in HOME (1 MB), where the snapshot lies as well. Both may be lost. A journal of
# SQLite, there too, may not: give the folder a volume. None is declared here. One without a name would be
# a copy of what people bought that nobody knows of, and that no erasure reaches.
ENV HOST=0.0.0.0 HOME=/var/lib/punnet PATH=/opt/punnet/bin:$PATH
WORKDIR /var/lib/punnet

# By number: Kubernetes believes runAsNonRoot no name.
USER 10001:10001
EXPOSE 3000
STOPSIGNAL SIGTERM

# Ready, not live: what waits for this container wants one that takes requests, and a database that is away
# makes it neither. Docker restarts nothing for it. There is no curl, and no proxy between it and itself.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10m --start-interval=1s --retries=3 \
    CMD ["python", "-Ic", "import os, urllib.request as web; \
        url = f'http://127.0.0.1:{os.environ.get(\"PORT\") or 3000}/health/ready'; \
        web.build_opener(web.ProxyHandler({})).open(url, timeout=4)"]

ENTRYPOINT ["punnet"]
CMD ["serve"]
