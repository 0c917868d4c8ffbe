"""What an Airbyte image starts: the low-code connector, as a program at the platform's path."""

from airbyte_cdk.cli.source_declarative_manifest import run

if __name__ == "__main__":
    run()
