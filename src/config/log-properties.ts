/** System properties that name a Java server's log configuration, the one that counts most first. */
export const LOG_FILE_PROPERTIES = ['logback.configurationFile', 'log4j.configuration'] as const;

export const LOG_PROPERTIES: ReadonlySet<string> = new Set(LOG_FILE_PROPERTIES);
