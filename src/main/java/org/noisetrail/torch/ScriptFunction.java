package org.noisetrail.torch;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.CompilationUnit;
import org.bytedeco.pytorch.Function;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.noisetrail.kernels.Device;
import org.noisetrail.kernels.Kernels;

/** A TorchScript function compiled from text, bound to its weights: one call into LibTorch runs it all. Thread-safe. */
public final class ScriptFunction implements AutoCloseable {
    private final CompilationUnit unit;
    private final Function forward;
    private final IValue weights;
    private final CallGate gate;

    /**
     * @param device where the weights are, and where it computes
     * @param source defines {@code forward(weights: List[Tensor], ...)}, which gives a {@code Tensor} or a {@code List[Tensor]}
     * @param weights shared with LibTorch: closing these objects does not free them
     */
    public ScriptFunction(Device device, String source, List<Tensor> weights) {
        Torch.load();
        Kernels.giveOperators();
        gate = new CallGate(device);
        // LibTorch makes a list for a script only inside a script.
        String names = IntStream.range(0, weights.size()).mapToObj(i -> "w" + i).collect(Collectors.joining(", "));
        String pack = "\ndef pack(" + names.replaceAll("(w\\d+)", "$1: Tensor") + ") -> List[Tensor]:\n    return ["
                + names + "]\n";
        try (Unfinished parts = new Unfinished();
                IValueVector values = new IValueVector()) {
            unit = Torch.keep(torch.compile(source + pack));
            parts.add(unit::deallocate);
            forward = Torch.keep(function("forward"));
            for (Tensor weight : weights) {
                try (IValue value = new IValue(weight)) {
                    values.push_back(value);
                }
            }
            this.weights = Torch.keep(function("pack").apply(values));
            parts.finish();
        }
    }

    private Function function(String name) {
        try (QualifiedName qualified = new QualifiedName(name)) {
            return unit.get_function(qualified);
        }
    }

    public Tensor call(Tensor... inputs) {
        // toTensor is a view into the result.
        return call(inputs, result -> new Tensor(result.toTensor()));
    }

    /** Calls a function that gives a list. */
    public List<Tensor> callForList(Tensor... inputs) {
        return call(inputs, result -> {
            try (TensorVector list = result.toTensorVector()) {
                List<Tensor> tensors = new ArrayList<>();
                for (long i = 0; i < list.size(); i++) {
                    tensors.add(new Tensor(list.get(i)));
                }
                return tensors;
            }
        });
    }

    private <R> R call(Tensor[] inputs, java.util.function.Function<IValue, R> read) {
        return gate.call(() -> {
            try (PlainExecutor plain = new PlainExecutor()) {
                return run(inputs, read);
            }
        });
    }

    private <R> R run(Tensor[] inputs, java.util.function.Function<IValue, R> read) {
        // Asking applies the number of threads to a thread that is new to LibTorch; oneDNN would not ask.
        torch.get_num_threads();
        IValue[] values = new IValue[1 + inputs.length];
        values[0] = weights;
        try {
            for (int i = 0; i < inputs.length; i++) {
                values[i + 1] = new IValue(inputs[i]);
            }
            try (IValueVector vector = new IValueVector(values);
                    IValue result = forward.apply(vector)) {
                return read.apply(result);
            }
        } finally {
            for (int i = 1; i < values.length; i++) {
                if (values[i] != null) {
                    values[i].close();
                }
            }
        }
    }

    @Override
    public void close() {
        gate.close(() -> {
            weights.deallocate();
            unit.deallocate();
        });
    }
}
