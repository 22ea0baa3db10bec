/**
 * Writes what the image is made of: see `--help`.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { billOfMaterials, imageContents } from './image/bill.ts'
import type { ImageContents } from './image/bill.ts'
import type { Component } from './image/components.ts'
import { runCommand, UsageError } from './options.ts'
import type { OptionValues } from './options.ts'

const FILE = resolve(import.meta.dirname, '../.millrace/sbom.cdx.json')
const AGREED = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'Python-2.0',
]

const HELP = `Usage: node scripts/sbom.ts [--image NAME]

Writes a bill of materials, .millrace/sbom.cdx.json (CycloneDX), and prints a table of licences: the packages of
npm that the service loads, librdkafka with the patches, ONNX Runtime, Node with the libraries within it.

  --image NAME  looks into this image, with docker (or what DOCKER names), for its Node and Debian's packages,
                which are left out otherwise: no more than an image can tell which they are

Exit status: 0 written; 1 it was, and something has a licence that is not among those agreed to; 2 wrong usage.
The licences of Debian's packages are not looked at.
`

const OPTIONS = { image: 'text' } as const

process.exitCode = await runCommand({ help: HELP, options: OPTIONS, run })

async function run({ image }: OptionValues<typeof OPTIONS>): Promise<number> {
  const bill = billOfMaterials(image === undefined ? undefined : lookInto(image))
  mkdirSync(dirname(FILE), { recursive: true })
  writeFileSync(FILE, `${JSON.stringify(bill, undefined, 2)}\n`)
  const verdicts = bill.components
    .filter(({ licenses }) => licenses !== undefined)
    .map(printLicense)
  const others = bill.components.length - verdicts.length
  if (others > 0) process.stdout.write(`and ${others} packages of Debian\n`)
  else process.stderr.write("Debian's packages are left out: --image NAME looks into an image\n")
  return verdicts.every(Boolean) ? 0 : 1
}

function lookInto(image: string): ImageContents {
  try {
    return imageContents(image)
  } catch (error) {
    throw new UsageError(`cannot look into ${image}: ${String(error)}`, { cause: error })
  }
}

/** @returns whether it is agreed to */
function printLicense({ name, version, licenses = [] }: Component): boolean {
  const license = licenses.map((each) => each.license.id).join(' and ')
  const isAgreed = AGREED.includes(license)
  const told = isAgreed ? license : `${license}  NOT AGREED TO`
  process.stdout.write(`${`${name}@${version}`.padEnd(50)} ${told}\n`)
  return isAgreed
}
