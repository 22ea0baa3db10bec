package peers;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.processor.internals.InternalProcessorContext;
import org.apache.kafka.streams.processor.internals.ProcessorNode;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.internals.CacheFlushListener;
import org.apache.kafka.streams.state.internals.CachedStateStore;

/** Kafka Streams Processor API. BATCH=0: score per record. BATCH=n: micro-batches of up to n, drained before each commit. */
public final class StreamsPeer {
    static final int BATCH = Conf.envInt("BATCH");
    static final String STORE = "windows", BUFFER = "batch-buffer";

    /**
     * The hook that makes micro-batching safe under exactly-once: Kafka Streams calls flushCache() on every
     * CachedStateStore in prepareCommit, before the producer is flushed and the offsets are added to the
     * transaction, so what it forwards belongs to that same transaction. The interface is INTERNAL: no public
     * API has such a hook (a wall-clock punctuator may run after a commit that already covers buffered records).
     */
    static final class DrainStore implements StateStore, CachedStateStore<Object, Object> {
        private boolean open;
        Runnable drain;
        @Override public String name() { return BUFFER; }
        @Override public void init(StateStoreContext c, StateStore root) { c.register(root, (k, v) -> { }); open = true; }
        @Override public void close() { open = false; }
        @Override public boolean persistent() { return false; }
        @Override public boolean isOpen() { return open; }
        @Override public boolean setFlushListener(CacheFlushListener<Object, Object> l, boolean old) { return false; }
        @Override public void flushCache() { if (drain != null) drain.run(); }
        @Override public void clearCache() { }
    }

    static final class DrainStoreBuilder implements StoreBuilder<DrainStore> {
        @Override public StoreBuilder<DrainStore> withCachingEnabled() { return this; }
        @Override public StoreBuilder<DrainStore> withCachingDisabled() { return this; }
        @Override public StoreBuilder<DrainStore> withLoggingEnabled(Map<String, String> c) { return this; }
        @Override public StoreBuilder<DrainStore> withLoggingDisabled() { return this; }
        @Override public DrainStore build() { return new DrainStore(); }
        @Override public Map<String, String> logConfig() { return Map.of(); }
        @Override public boolean loggingEnabled() { return false; }
        @Override public String name() { return BUFFER; }
    }

    static final class Work implements Processor<String, byte[], String, byte[]> {
        private final Codec codec = new Codec();
        private final Window w = new Window();
        private final float[] x = new float[7];
        private final Scorer scorer = new Scorer(Math.max(1, BATCH));
        private ProcessorContext<String, byte[]> ctx;
        private KeyValueStore<String, byte[]> store;
        // buffered rows
        private final int cap = BATCH;
        private int n;
        private final Codec.Event[] ev = new Codec.Event[Math.max(1, cap)];
        private final long[] off = new long[Math.max(1, cap)], ts = new long[Math.max(1, cap)];
        private final int[] part = new int[Math.max(1, cap)];
        private final String[] topic = new String[Math.max(1, cap)], hash = new String[Math.max(1, cap)];
        private ProcessorNode<?, ?, ?, ?> me;

        @Override public void init(ProcessorContext<String, byte[]> c) {
            ctx = c;
            store = c.getStateStore(STORE);
            n = 0; // a revived task must not keep rows of an aborted transaction
            if (cap > 0) {
                ((DrainStore) c.getStateStore(BUFFER)).drain = this::drainBeforeCommit;
                me = ((InternalProcessorContext<?, ?>) c).currentNode();
            }
        }

        @Override public void process(Record<String, byte[]> r) {
            Conf.firstConsumed();
            Codec.Event e = codec.decode(r.value());
            w.load(store.get(e.userId)).update(e.time, e.value);
            store.put(e.userId, w.dump());
            w.vector(x);
            RecordMetadata m = ctx.recordMetadata().get();
            if (cap == 0) {
                scorer.put(0, x);
                double score = scorer.score(1)[0];
                out("features", e.userId, codec.features(e.userId, w, Instant.now().toString()), r.timestamp());
                out("predictions", e.userId, codec.prediction(e.eventId, e.userId, score, System.currentTimeMillis()), r.timestamp());
                out("audit", e.userId, codec.audit(e.eventId, m.topic(), m.partition(), m.offset(), codec.featuresHash(x)), r.timestamp());
                return;
            }
            out("features", e.userId, codec.features(e.userId, w, Instant.now().toString()), r.timestamp());
            scorer.put(n, x);
            ev[n] = e; off[n] = m.offset(); part[n] = m.partition(); topic[n] = m.topic(); ts[n] = r.timestamp();
            hash[n] = codec.featuresHash(x);
            if (++n == cap) drain();
        }

        private void out(String sink, String k, byte[] v, long t) { ctx.forward(new Record<>(k, v, t), sink); }

        private void drain() {
            if (n == 0) return;
            float[] s = scorer.score(n);
            long now = System.currentTimeMillis();
            for (int i = 0; i < n; i++) {
                Codec.Event e = ev[i];
                out("predictions", e.userId, codec.prediction(e.eventId, e.userId, s[i], now), ts[i]);
                out("audit", e.userId, codec.audit(e.eventId, topic[i], part[i], off[i], hash[i]), ts[i]);
            }
            n = 0;
        }

        @SuppressWarnings({"unchecked", "rawtypes"})
        private void drainBeforeCommit() {
            if (n == 0) return;
            InternalProcessorContext ic = (InternalProcessorContext) ctx;
            ProcessorNode prev = ic.currentNode();
            ic.setCurrentNode(me);
            try { drain(); } finally { ic.setCurrentNode(prev); }
        }
    }

    public static void main(String[] a) throws Exception {
        StoreBuilder<KeyValueStore<String, byte[]>> sb =
            Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(STORE), Serdes.String(), Serdes.ByteArray())
                .withLoggingEnabled(Map.of()).withCachingEnabled();
        var str = Serdes.String();
        var bytes = Serdes.ByteArray();
        Topology t = new Topology();
        t.addSource("in", str.deserializer(), bytes.deserializer(), Conf.INPUT)
         .addProcessor("work", Work::new, "in")
         .addStateStore(sb, "work")
         .addSink("features", Conf.FEATURES, str.serializer(), bytes.serializer(), "work")
         .addSink("predictions", Conf.PREDICTIONS, str.serializer(), bytes.serializer(), "work")
         .addSink("audit", Conf.AUDIT, str.serializer(), bytes.serializer(), "work");
        if (BATCH > 0) t.addStateStore(new DrainStoreBuilder(), "work");

        Properties p = Conf.props(
            StreamsConfig.APPLICATION_ID_CONFIG, Conf.APP_ID,
            StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, Conf.BROKERS,
            StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2,
            StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, Integer.toString(Conf.COMMIT_MS),
            StreamsConfig.NUM_STREAM_THREADS_CONFIG, "2",
            StreamsConfig.REPLICATION_FACTOR_CONFIG, "1",
            StreamsConfig.STATE_DIR_CONFIG, Conf.env("STATE_DIR"),
            StreamsConfig.mainConsumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest",
            StreamsConfig.producerPrefix("compression.type"), Conf.env("COMPRESSION"));
        Scorer.session();
        KafkaStreams ks = new KafkaStreams(t, p);
        CountDownLatch done = new CountDownLatch(1);
        ks.setUncaughtExceptionHandler(e -> {
            e.printStackTrace();
            done.countDown();
            return StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> { ks.close(Duration.ofSeconds(10)); done.countDown(); }));
        ks.start();
        done.await();
    }
}
