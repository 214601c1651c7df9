/** The page of strategies in headless Chromium: Debian's, without network. */
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { commandPath } from '../support/needs.ts'

export async function launch(): Promise<Browser> {
  const executablePath = commandPath('chromium')
  if (executablePath === undefined) throw new Error('there is no chromium')
  // Root has no other choice, and the page is our own.
  return await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
}

export interface Opened {
  readonly page: Page
  /** Whatever it asked for beside itself, and what went wrong. */
  readonly requests: string[]
  readonly errors: string[]
}

export async function openPage(
  browser: Browser,
  file: string,
  options: { readonly width: number; readonly height?: number; readonly dark?: boolean },
): Promise<Opened> {
  const { width, height = 900, dark = false } = options
  const page = await browser.newPage({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
  })
  const url = pathToFileURL(file).href
  const requests: string[] = []
  const errors: string[] = []
  page.on('request', (request) => {
    if (request.url() !== url && !request.url().startsWith('data:')) requests.push(request.url())
  })
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => errors.push(message.text()))
  await page.goto(url)
  return { page, requests, errors }
}

/** By how many pixels the page is wider than its window. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - window.innerWidth')
}

/** Runs in the page. */
const CONTRASTS = `(() => {
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map((each) => {
      const part = each / 255
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const backOf = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at)
      if (!/, 0\\)$|transparent/.test(backgroundColor)) return backgroundColor
    }
    return 'rgb(255, 255, 255)'
  }
  return [...document.querySelectorAll('.mark, p, h1, h2, h3, th, td, dt, dd, a, summary, caption, li')]
    .filter((element) => element.textContent.trim() !== '' && element.getClientRects().length > 0)
    .map((element) => {
      const [one, other] = [getComputedStyle(element).color, backOf(element)].map(luminance)
      return { name: element.className + ' ' + element.tagName, ratio: (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05) }
    })
    .sort((one, other) => one.ratio - other.ratio)[0]
})()`

/** The text that is hardest to read, with the ratio of its colour to what is behind it. */
export function leastContrast(
  page: Page,
): Promise<{ readonly name: string; readonly ratio: number }> {
  return page.evaluate(CONTRASTS)
}
