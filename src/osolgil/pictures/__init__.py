"""Pictures of surfaces, paths, the family tree and the perceptron: SVG, and pages that need nothing beside them."""
