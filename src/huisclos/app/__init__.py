"""The composition root: reads the settings, builds everything, starts and stops it. The only reader of the environment."""
