ARG REGISTRY
FROM ${REGISTRY}/base/python:3.11
RUN apt-get update && apt-get install -y --no-install-recommends buildah ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /context
CMD ["sh"]
