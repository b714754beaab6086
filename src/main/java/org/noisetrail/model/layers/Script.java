package org.noisetrail.model.layers;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;
import org.noisetrail.torch.ScriptFunction;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;

/**
 * A straight-line TorchScript function that is being written, and the tensors it needs: a network's forward becomes a single call into
 * LibTorch. Values are the names of the script's variables. Not thread-safe.
 *
 * <p>Write it inside a {@code PointerScope} that frees what building leaves over.
 */
public final class Script implements AutoCloseable {
    private final Device device;
    private final StringBuilder body = new StringBuilder();
    private final List<Tensor> arguments = new ArrayList<>();
    private int variables;

    public Script(Device device) {
        this.device = device;
    }

    public Device device() {
        return device;
    }

    /** @return the new variable that holds the expression's value */
    public String assign(String expression) {
        String variable = "x" + variables++;
        line(variable + " = " + expression);
        return variable;
    }

    public void line(String statement) {
        body.append("    ").append(statement).append('\n');
    }

    /** Lines that are written now run before those that are there already. */
    public void first(Runnable lines) {
        int end = body.length();
        lines.run();
        String text = body.substring(end);
        body.setLength(end);
        body.insert(0, text);
    }

    /**
     * Hands a tensor over to the script, which holds it on its device.
     *
     * @return the variable that holds it
     */
    public String argument(Tensor tensor) {
        Tensor kept = tensor;
        if (device.isCuda()) {
            try (var target = Tensors.torchDevice(device)) {
                kept = tensor.to(target, tensor.scalar_type());
            }
        }
        arguments.add(Torch.keep(kept));
        return "w" + (arguments.size() - 1);
    }

    /**
     * Compiles what was written.
     *
     * @param parameters of the function, such as {@code x: Tensor, noise: Tensor}
     * @param result the value it returns
     */
    public ScriptFunction compile(String parameters, String result) {
        return compile(parameters, "Tensor", result);
    }

    /** As {@link #compile(String, String)}, for a function that returns several values ({@link ScriptFunction#callForList}). */
    public ScriptFunction compile(String parameters, List<String> results) {
        return compile(parameters, "List[Tensor]", results.toString());
    }

    private ScriptFunction compile(String parameters, String type, String result) {
        String names =
                IntStream.range(0, arguments.size()).mapToObj(i -> "w" + i).collect(Collectors.joining(", "));
        String text = "def forward(weights: List[Tensor], " + parameters + ") -> " + type + ":\n"
                + "    " + names + " = weights\n"
                + body + "    return " + result + "\n";
        return new ScriptFunction(device, text, arguments);
    }

    /** What was written. */
    @Override
    public String toString() {
        return body.toString();
    }

    /** Lets go of the tensors: what was compiled shares them. */
    @Override
    public void close() {
        arguments.forEach(Tensor::deallocate);
        arguments.clear();
    }
}
