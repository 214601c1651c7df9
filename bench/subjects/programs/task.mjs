// biome-ignore lint/style/noDefaultExport: what the pools load
export default (value) => value
