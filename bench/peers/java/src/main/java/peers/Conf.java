package peers;

import java.util.Properties;

/** What the benchmark sets, in the environment. */
final class Conf {
    static String env(String name) {
        String value = System.getenv(name);
        if (value == null || value.isEmpty()) throw new IllegalArgumentException(name + " must be set: the benchmark does");
        return value;
    }
    static int envInt(String name) { return Integer.parseInt(env(name)); }

    static final String BROKERS = env("BROKERS");
    static final String APP_ID = env("APP_ID");
    static final String INPUT = env("INPUT");
    static final String FEATURES = env("FEATURES");
    static final String PREDICTIONS = env("PREDICTIONS");
    static final String AUDIT = env("AUDIT");
    static final String CHANGELOG = env("CHANGELOG");
    static final String MODEL = env("MODEL");
    static final String MODEL_VERSION = "1.0.0";
    static final int EVENT_SCHEMA_ID = envInt("EVENT_SCHEMA_ID");
    static final int COMMIT_MS = envInt("COMMIT_MS");

    private static volatile boolean first = true;

    /** The harness reads this line: the clock of the backlog run starts here. */
    static void firstConsumed() {
        if (first) {
            synchronized (Conf.class) {
                if (first) {
                    first = false;
                    System.out.println("FIRST_CONSUMED " + System.currentTimeMillis());
                    System.out.flush();
                }
            }
        }
    }

    static Properties props(String... kv) {
        Properties p = new Properties();
        for (int i = 0; i < kv.length; i += 2) p.put(kv[i], kv[i + 1]);
        return p;
    }
}
