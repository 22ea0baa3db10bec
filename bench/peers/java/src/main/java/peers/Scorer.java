package peers;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.Set;

/** One per thread over a shared session. Direct buffers, only the probabilities output is asked for. */
final class Scorer {
    private static OrtSession session;
    private static String input;

    static synchronized OrtSession session() {
        if (session == null) {
            try {
                OrtSession.SessionOptions o = new OrtSession.SessionOptions();
                o.setIntraOpNumThreads(1);
                o.setInterOpNumThreads(1);
                session = OrtEnvironment.getEnvironment().createSession(Conf.MODEL, o);
                input = session.getInputNames().iterator().next();
            } catch (OrtException e) {
                throw new IllegalStateException(e);
            }
        }
        return session;
    }

    private final OrtSession s = session();
    private final OrtEnvironment env = OrtEnvironment.getEnvironment();
    private final int cap;
    private final FloatBuffer buf;
    private final float[] scores;

    Scorer(int cap) {
        this.cap = cap;
        buf = ByteBuffer.allocateDirect(cap * 28).order(ByteOrder.nativeOrder()).asFloatBuffer();
        scores = new float[cap];
    }

    int capacity() { return cap; }

    void put(int row, float[] x) { buf.put(row * 7, x); }

    /** Scores rows 0..n-1; the returned array is reused. */
    float[] score(int n) {
        buf.position(0).limit(n * 7);
        try (OnnxTensor t = OnnxTensor.createTensor(env, buf, new long[] {n, 7});
             OrtSession.Result r = s.run(Map.of(input, t), Set.of("probabilities"))) {
            FloatBuffer o = ((OnnxTensor) r.get(0)).getFloatBuffer();
            for (int i = 0; i < n; i++) scores[i] = o.get(2 * i + 1);
            return scores;
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        } finally {
            buf.clear();
        }
    }
}
