const ONE = [{ name: '' }]

/** What a measure shows: itself, or the parts that come of the same run. */
export const partsOf = (measure) => measure.parts ?? [measure]

/** What a measure varies, such as a size; one without a name where it varies nothing. */
export const seriesOf = (measure) => partsOf(measure).flatMap(({ series }) => series ?? ONE)

/** By what samples of a series are known. */
export const keyOf = ({ key, name }) => key ?? name
