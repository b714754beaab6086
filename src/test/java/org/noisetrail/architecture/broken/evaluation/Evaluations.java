package org.noisetrail.architecture.broken.evaluation;

import org.noisetrail.architecture.broken.report.Reports;

public class Evaluations {
    Reports above;
}
