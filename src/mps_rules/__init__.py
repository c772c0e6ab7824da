"""Clinical decision support for muscle pain: the public names, nothing else."""

__version__ = "0.1.0"
