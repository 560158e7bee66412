"""From comparisons to verdicts, sentences and a recommendation."""
