package peers;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;

/** Confluent wire format on Avro generic records (what KafkaAvroSerializer does, less the registry look-up). Not thread safe. */
final class Codec {
    static final class Event {
        String eventId, userId, eventType;
        double value;
        long time;
    }

    private static Schema load(String n) {
        try (InputStream in = Codec.class.getResourceAsStream("/schemas/" + n + ".avsc")) {
            return new Schema.Parser().parse(in);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static final Schema EV = load("event"), FE = load("features"), PR = load("prediction");
    private final GenericDatumReader<GenericRecord> reader = new GenericDatumReader<>(EV);
    private final GenericDatumWriter<GenericRecord> fw = new GenericDatumWriter<>(FE), pw = new GenericDatumWriter<>(PR);
    private BinaryDecoder dec;
    private BinaryEncoder enc;
    private GenericRecord rec;
    private final GenericData.Record f = new GenericData.Record(FE), p = new GenericData.Record(PR);
    private final ByteArrayOutputStream out = new ByteArrayOutputStream(256);
    private final ByteBuffer hb = ByteBuffer.allocate(28).order(ByteOrder.LITTLE_ENDIAN);
    private final CRC32 crc = new CRC32();
    private final StringBuilder sb = new StringBuilder(256);

    Event decode(byte[] v) {
        if (v[0] != 0 || ByteBuffer.wrap(v, 1, 4).getInt() != Conf.EVENT_SCHEMA_ID) throw new IllegalArgumentException("unknown wire header");
        try {
            dec = DecoderFactory.get().binaryDecoder(v, 5, v.length - 5, dec);
            rec = reader.read(rec, dec);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        Event e = new Event();
        e.eventId = rec.get(0).toString();
        e.userId = rec.get(1).toString();
        e.eventType = rec.get(2).toString();
        e.value = (Double) rec.get(3);
        e.time = (Long) rec.get(4);
        return e;
    }

    private byte[] write(GenericDatumWriter<GenericRecord> w, GenericRecord r, int id) {
        out.reset();
        out.write(0); out.write(0); out.write(0); out.write(0); out.write(id);
        try {
            enc = EncoderFactory.get().directBinaryEncoder(out, enc);
            w.write(r, enc);
            enc.flush();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return out.toByteArray();
    }

    byte[] features(String user, Window w, String computedAt) {
        f.put(0, user); f.put(1, w.c); f.put(2, w.avg()); f.put(3, w.s); f.put(4, w.mx);
        f.put(5, w.c5); f.put(6, w.avg5()); f.put(7, w.since); f.put(8, computedAt);
        return write(fw, f, 2);
    }

    byte[] prediction(String eventId, String user, double score, long at) {
        p.put(0, eventId); p.put(1, user); p.put(2, score); p.put(3, Conf.MODEL_VERSION); p.put(4, at);
        return write(pw, p, 3);
    }

    String featuresHash(float[] v) {
        hb.clear();
        for (float x : v) hb.putFloat(x);
        crc.reset();
        crc.update(hb.array(), 0, 28);
        String h = Long.toHexString(crc.getValue());
        return "00000000".substring(h.length()) + h;
    }

    byte[] audit(String eventId, String topic, int partition, long offset, String hash) {
        sb.setLength(0);
        sb.append("{\"event_id\":\"").append(eventId).append("\",\"topic\":\"").append(topic)
          .append("\",\"partition\":").append(partition).append(",\"offset\":").append(offset)
          .append(",\"model_version\":\"").append(Conf.MODEL_VERSION)
          .append("\",\"features_hash\":\"").append(hash).append("\"}");
        return sb.toString().getBytes(StandardCharsets.UTF_8);
    }
}
