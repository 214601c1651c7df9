const ONE = [{ name: '' }]

/** What a measure varies, such as a size; one without a name where it varies nothing. */
export const seriesOf = (measure) => measure.series ?? ONE
