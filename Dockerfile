# Keydesk in a container: docs/operating/container.md. Two stages: no pip and no cache are in the image that runs.
FROM python:3.13-slim AS build
WORKDIR /build
RUN python -m venv --without-pip /opt/keydesk
COPY requirements/run.lock ./requirements/
RUN pip --python /opt/keydesk/bin/python install --no-cache-dir --require-hashes -r requirements/run.lock
COPY pyproject.toml README.md LICENSE NOTICE manifest.yml ./
COPY bot ./bot
COPY keydesk_sandbox ./keydesk_sandbox
RUN pip --python /opt/keydesk/bin/python install --no-cache-dir --no-deps .
# Babel knows a thousand languages, 35 MB; those of our catalogues stay.
RUN ["/opt/keydesk/bin/python", "-c", "import babel, pathlib; from bot.languages import languages; keep = {'root'} | {tag.split('-')[0] for tag in languages()}; [f.unlink() for f in (pathlib.Path(babel.__file__).parent / 'locale-data').glob('*.dat') if f.stem.split('_')[0] not in keep]"]

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /data --create-home keydesk
COPY --from=build /opt/keydesk /opt/keydesk
ENV PATH=/opt/keydesk/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 3000 9464
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ.get('PORT', '3000') + '/healthz', timeout=2)"]
ENTRYPOINT ["keydesk"]
CMD ["serve"]
