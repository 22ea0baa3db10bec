/** The topics of a simulated run. */
export const TOPICS = {
  features: 'features',
  predictions: 'predictions',
  audit: 'audit',
  late: 'late',
  deadLetters: 'dead-letters',
  state: 'state',
} as const
