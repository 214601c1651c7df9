// Results as pictures: one SVG for each measure, drawn by ECharts without a browser.
import { amount } from './units.mjs'

const WIDTH = 860
const ROW = 34
/** Room for the longest title of a subject: what a text will measure is not known where it is drawn. */
const TITLES = 320
const FONT = 'Arial, Helvetica, sans-serif'
const OWN = '#1f6feb'
const OWN_OTHERS = ['#1f6feb', '#79b8ff']
const OTHERS = ['#d1495b', '#66a182', '#8d6a9f', '#edae49', '#3d5a80', '#7f8c8d']
const OTHER = '#9aa4b2'
const INK = '#57606a'

/** A file name and a picture for each measure that has something to show; ECharts has to be installed. */
export async function chartsOf({ measures }) {
  const echarts = await import('echarts')
  const draw = (option, height) => {
    const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height })
    chart.setOption({ animation: false, backgroundColor: '#ffffff', ...option })
    const svg = chart.renderToSVGString()
    chart.dispose()
    return svg
  }
  return measures.flatMap((measure) => {
    const { name, series } = measure
    const shown = measure.series[0].rows.some(({ median }) => median > 0)
    if (!shown) return []
    const [option, height] = series.length > 1 ? lines(measure) : bars(measure)
    const named = (svg) => svg.replace('>', ` role="img" aria-label="${measure.title}">`)
    return [{ name: `${name}.svg`, svg: `${named(draw(option, height))}\n` }]
  })
}

const title = ({ title }) => ({
  text: title,
  left: 12,
  top: 8,
  textStyle: { fontSize: 14, fontWeight: 600, fontFamily: FONT, color: '#24292f' },
})

const isOwn = ({ subject }) => subject.startsWith('fat-thread')

const label = { fontFamily: FONT, fontSize: 12, color: INK }
const faint = { lineStyle: { color: '#e3e7ec' } }

/** Units whose amounts lie close together. */
const LINEAR = new Set(['images', 'images/s'])

function axis(unit, more) {
  return {
    type: LINEAR.has(unit) ? 'value' : 'log',
    axisLabel: { ...label, formatter: (value) => amount(value, unit), hideOverlap: true },
    splitLine: faint,
    ...more,
  }
}

/** One value for each subject. */
function bars(measure) {
  const { unit, series } = measure
  const rows = series[0].rows.filter(({ median }) => median > 0)
  const least = Math.min(...rows.map(({ median }) => median))
  const option = {
    title: title(measure),
    grid: { left: TITLES, right: 96, top: 44, bottom: 28 },
    xAxis: axis(unit, LINEAR.has(unit) ? {} : { min: 10 ** Math.floor(Math.log10(least / 2)) }),
    yAxis: {
      type: 'category',
      inverse: true,
      data: rows.map((row) => row.title),
      axisTick: { show: false },
      axisLabel: label,
    },
    series: [
      {
        type: 'bar',
        barWidth: '62%',
        data: rows.map(({ median, subject }) => ({
          value: median,
          itemStyle: { color: isOwn({ subject }) ? OWN : OTHER },
        })),
        label: {
          ...label,
          show: true,
          position: 'right',
          formatter: ({ value }) => amount(value, unit),
        },
      },
    ],
  }
  return [option, 72 + ROW * rows.length]
}

/** What a measure varies from left to right, a line for each subject. */
function lines(measure) {
  const { unit, series } = measure
  const subjects = series[0].rows.filter(({ median }) => median > 0)
  const own = subjects.filter(isOwn)
  const others = subjects.filter((row) => !isOwn(row))
  const colors = subjects.map((row) =>
    isOwn(row) ? OWN_OTHERS[own.indexOf(row) % 2] : OTHERS[others.indexOf(row) % OTHERS.length],
  )
  const option = {
    title: title(measure),
    legend: {
      orient: 'vertical',
      left: WIDTH - TITLES + 12,
      top: 52,
      width: TITLES,
      itemWidth: 18,
      textStyle: label,
    },
    grid: { left: 72, right: TITLES + 8, top: 44, bottom: 28 },
    xAxis: {
      type: 'category',
      data: series.map(({ name }) => name),
      axisLabel: { ...label, interval: 0 },
    },
    yAxis: axis(unit),
    color: colors,
    series: subjects.map((row, index) => ({
      name: row.title,
      type: 'line',
      symbolSize: 7,
      lineStyle: { width: isOwn(row) ? 3 : 1.5 },
      z: subjects.length - index,
      data: series.map(({ rows }) => {
        const found = rows.find((each) => each.title === row.title)
        return found?.median > 0 ? found.median : null
      }),
    })),
  }
  return [option, 340]
}
