import type { DEAD_LETTER_ALERTS } from '../../../../scripts/monitoring/alerts/dead-letters.ts'
import { ofQueue } from '../alert-case.ts'
import type { CasesOf } from '../alert-case.ts'

const OLDEST = ofQueue('millrace_dlq_oldest_waiting_timestamp_seconds')
const READ = ofQueue('millrace_dlq_watch_read_timestamp_seconds')
const READ_BY_ANOTHER = ofQueue('millrace_dlq_watch_read_timestamp_seconds', 'x')
const LABELS = { job: 'm', app: 'scores' }

export const DEAD_LETTER_CASES = {
  MillraceDeadLettersOld: {
    fires: {
      when: 'a letter waits for 25 h, though the watch was moved meanwhile',
      series: {
        [OLDEST]: '0x1000',
        [ofQueue('millrace_dlq_oldest_waiting_timestamp_seconds', 'x')]: '_x1001 0x600',
      },
      atMinutes: 1_500,
      alerts: [
        {
          labels: LABELS,
          description:
            'The oldest dead letter of scores that was not replayed was turned down 1d 1h 0m 0s ago.',
        },
      ],
    },
    quiet: [
      { when: 'it waits for 23 h', series: { [OLDEST]: '0x1500' }, atMinutes: 1_380 },
      {
        when: 'it was replayed, and a younger one waits',
        series: { [OLDEST]: '0x1440 40000x100' },
        atMinutes: 1_500,
      },
      { when: 'it was replayed, and none waits', series: { [OLDEST]: '0x1440' }, atMinutes: 1_500 },
    ],
  },
  MillraceDeadLetterWatchBlind: {
    fires: {
      when: 'the watch has gone',
      series: { [READ]: '0+60x10' },
      atMinutes: 30,
      alerts: [
        {
          labels: LABELS,
          description:
            '`millrace dlq watch` of scores has not read the dead-letter topic to its ends for more than 5 min.',
        },
      ],
    },
    quiet: [
      {
        when: 'it reads to the ends again and again',
        series: { [READ]: '0+60x30' },
        atMinutes: 30,
      },
      {
        when: 'another takes its place, which begins with nothing read',
        series: { [READ]: '0+60x10', [READ_BY_ANOTHER]: '_x10 0x3 840+60x30' },
        atMinutes: 30,
      },
      { when: 'it was removed two hours ago', series: { [READ]: '0+60x10' }, atMinutes: 130 },
    ],
  },
} as const satisfies CasesOf<typeof DEAD_LETTER_ALERTS>
