package peers;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Plain Java clients, one thread. WORK=raw: the ceiling (consume, produce three fixed payloads, commit; no decode,
 * no state, no model). WORK=full: the whole job hand-written (in-memory state, changelog in the same transaction,
 * one model call per poll).
 */
public final class PlainPeer {
    private static final int POLL = 1000;

    static KafkaConsumer<String, byte[]> consumer(boolean group) {
        var p = Conf.props("bootstrap.servers", Conf.BROKERS, "enable.auto.commit", "false",
            "isolation.level", "read_committed", "auto.offset.reset", "earliest", "max.poll.records", Integer.toString(POLL));
        if (group) p.put("group.id", Conf.APP_ID);
        return new KafkaConsumer<>(p, new StringDeserializer(), new ByteArrayDeserializer());
    }

    private final boolean full = Conf.env("WORK").equals("full");
    private final KafkaConsumer<String, byte[]> c = consumer(true);
    private final KafkaProducer<String, byte[]> p = new KafkaProducer<>(Conf.props("bootstrap.servers", Conf.BROKERS,
        "transactional.id", Conf.APP_ID + "-0", "linger.ms", "5", "compression.type", Conf.env("COMPRESSION"),
        "buffer.memory", Integer.toString(64 << 20)), new StringSerializer(), new ByteArraySerializer());
    private final Map<Integer, Map<String, byte[]>> state = new HashMap<>();
    private final Map<Integer, Set<String>> dirty = new HashMap<>();
    private final Map<TopicPartition, OffsetAndMetadata> pos = new LinkedHashMap<>();
    private final Codec codec = new Codec();
    private final Window w = new Window();
    private final float[] x = new float[7];
    private final Scorer scorer = full ? new Scorer(POLL) : null;
    private final byte[] f0 = new byte[86], p0 = new byte[52], a0 = new byte[150];
    private boolean inTx;
    private long txStart;
    private volatile boolean stop;

    void commit() {
        if (!inTx) return;
        for (var e : dirty.entrySet()) {
            Map<String, byte[]> st = state.get(e.getKey());
            for (String u : e.getValue()) p.send(new ProducerRecord<>(Conf.CHANGELOG, e.getKey(), u, st.get(u)));
            e.getValue().clear();
        }
        p.sendOffsetsToTransaction(pos, c.groupMetadata());
        p.commitTransaction();
        pos.clear();
        inTx = false;
    }

    void restore(Collection<TopicPartition> parts) {
        List<TopicPartition> log = new ArrayList<>();
        for (TopicPartition t : parts) {
            state.put(t.partition(), new HashMap<>());
            dirty.put(t.partition(), new HashSet<>());
            log.add(new TopicPartition(Conf.CHANGELOG, t.partition()));
        }
        if (!full || log.isEmpty()) return;
        try (KafkaConsumer<String, byte[]> r = consumer(false)) {
            r.assign(log);
            r.seekToBeginning(log);
            Map<TopicPartition, Long> end = r.endOffsets(log);
            long give = System.currentTimeMillis() + 60_000;
            while (log.stream().anyMatch(t -> r.position(t) < end.get(t))) {
                if (System.currentTimeMillis() > give) throw new IllegalStateException("restore took too long");
                for (var rec : r.poll(Duration.ofMillis(100))) state.get(rec.partition()).put(rec.key(), rec.value());
            }
        }
    }

    void batch(ConsumerRecords<String, byte[]> recs) {
        Conf.firstConsumed();
        if (!inTx) { p.beginTransaction(); inTx = true; txStart = System.currentTimeMillis(); }
        if (!full) {
            for (var r : recs) {
                p.send(new ProducerRecord<>(Conf.FEATURES, r.key(), f0));
                p.send(new ProducerRecord<>(Conf.PREDICTIONS, r.key(), p0));
                p.send(new ProducerRecord<>(Conf.AUDIT, r.key(), a0));
            }
        } else {
            int n = 0;
            List<ConsumerRecord<String, byte[]>> rs = new ArrayList<>(recs.count());
            List<Codec.Event> es = new ArrayList<>(recs.count());
            List<String> hs = new ArrayList<>(recs.count());
            String at = Instant.now().toString();
            for (var r : recs) {
                Codec.Event e = codec.decode(r.value());
                Map<String, byte[]> st = state.get(r.partition());
                w.load(st.get(e.userId)).update(e.time, e.value);
                st.put(e.userId, w.dump());
                dirty.get(r.partition()).add(e.userId);
                w.vector(x);
                scorer.put(n++, x);
                rs.add(r); es.add(e); hs.add(codec.featuresHash(x));
                p.send(new ProducerRecord<>(Conf.FEATURES, e.userId, codec.features(e.userId, w, at)));
            }
            float[] s = scorer.score(n);
            long now = System.currentTimeMillis();
            for (int i = 0; i < n; i++) {
                var r = rs.get(i);
                var e = es.get(i);
                p.send(new ProducerRecord<>(Conf.PREDICTIONS, e.userId, codec.prediction(e.eventId, e.userId, s[i], now)));
                p.send(new ProducerRecord<>(Conf.AUDIT, e.userId, codec.audit(e.eventId, r.topic(), r.partition(), r.offset(), hs.get(i))));
            }
        }
        for (TopicPartition t : recs.partitions()) {
            var l = recs.records(t);
            pos.put(t, new OffsetAndMetadata(l.get(l.size() - 1).offset() + 1));
        }
    }

    void run() {
        p.initTransactions();
        c.subscribe(List.of(Conf.INPUT), new ConsumerRebalanceListener() {
            @Override public void onPartitionsRevoked(Collection<TopicPartition> t) { commit(); t.forEach(q -> state.remove(q.partition())); }
            @Override public void onPartitionsAssigned(Collection<TopicPartition> t) { restore(t); }
        });
        while (!stop) {
            long wait = inTx ? Math.max(0, txStart + Conf.COMMIT_MS - System.currentTimeMillis()) : 100;
            var recs = c.poll(Duration.ofMillis(wait));
            if (!recs.isEmpty()) batch(recs);
            if (inTx && System.currentTimeMillis() - txStart >= Conf.COMMIT_MS) commit();
        }
        commit();
        c.close();
        p.close(Duration.ofSeconds(5));
    }

    public static void main(String[] a) throws Exception {
        PlainPeer peer = new PlainPeer();
        Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            peer.stop = true;
            try { main.join(10_000); } catch (InterruptedException e) { Thread.currentThread().interrupt(); }
        }));
        peer.run();
    }
}
