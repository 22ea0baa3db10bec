import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, 'page')

/** In the order in which each finds what it imports. */
const SCRIPTS = ['dom.js', 'charts.js', 'sections.js', 'live.js'] as const

/** The page for people: nothing in it comes from outside, so it is the same for everyone. */
export interface Page {
  readonly html: string
  /** What a Content-Security-Policy must say so that the page works, and nothing else does. */
  readonly policy: string
}

/**
 * Puts the page together from the files of `src/serving/page`: one document that asks nobody but this
 * service. Its style and its script are let in by their hashes.
 */
export function loadPage(): Page {
  const style = read('page.css')
  const script = `'use strict'\n{\n${SCRIPTS.map((name) => bare(read(name))).join('\n')}}\n`
  const html = read('page.html')
    .replace('<!-- style -->', () => `<style>${style}</style>`)
    .replace('<!-- script -->', () => `<script>${script}</script>`)
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(style)}'`,
    `script-src '${hashOf(script)}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    // No text can become markup, whatever a script does with it.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
  return { html, policy }
}

function read(name: string): string {
  return readFileSync(join(FOLDER, name), 'utf8')
}

/**
 * A module of the page without its imports and exports: a browser lets in by its hash what is written
 * in the page, not what that imports.
 */
function bare(module: string): string {
  return module.replaceAll(/^import [^']*'[^']*'\n/gm, '').replaceAll(/^export /gm, '')
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
