"""A resources server of NeMo Gym: copy this folder to `resources_servers/code_verifier` of its clone."""

from nova_code_verifier.adapters.nemo_gym import CodeServer

if __name__ == "__main__":
    CodeServer.run_webserver()
