"""What differs between Ray clusters. Settings of the server are variables of Ray's processes, not options: Ray stores
and shows the arguments of an application, and some settings are secrets."""

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """Arguments of `serve run deploy.ray:studio`."""

    model_config = ConfigDict(extra="forbid")

    api_replicas: int = Field(1, ge=1, le=100)
    max_workers: int = Field(1, ge=1, le=1000)
    gpus: float = Field(1, ge=0, le=8)
    """Of one worker; 0: it computes on the CPU."""
    worker_cpus: float = Field(1, gt=0)
    api_cpus: float = Field(1, gt=0)
    poll_s: float = Field(5, gt=0)
    """Between two looks at how many workers are wanted."""
    fewer_after_s: float = Field(60, ge=0)
    none_after_s: float = Field(600, ge=0)
    """The last worker goes when for so long none was wanted; longer than a model takes to load."""
    module: str = "server"
    """What a worker runs; tests name one that paints."""
