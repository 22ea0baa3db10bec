/** Whose headers a dead letter carries beside our own, so that tools made for those systems read it. */
export const HEADER_STYLES = ['millrace', 'streams', 'connect', 'spring'] as const

export type HeaderStyle = (typeof HEADER_STYLES)[number]
