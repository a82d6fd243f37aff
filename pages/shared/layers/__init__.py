"""The laboratory of layers: activations, batch norm, dropout, the fully connected layer and cross-entropy."""
