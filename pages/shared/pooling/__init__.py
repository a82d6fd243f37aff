"""The pooling laboratory: every pooling over one input side by side, forward, backward and under a shift."""
