"""The image and compose.yaml tried where there is no container engine: `make rehearse`, as root, on Debian.

The Dockerfile's own steps run in a Debian root that debootstrap makes; the services of compose.yaml then start in it,
as they would in containers, against a real PostgreSQL and a real Valkey. docs/operations.md says what that cannot
prove.
"""
