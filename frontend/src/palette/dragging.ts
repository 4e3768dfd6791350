// How the key of a kind is called while it is dragged from the palette to the drawing.

export const KIND_TYPE = "application/x-cdp-node-kind"
