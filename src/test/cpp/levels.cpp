/* Every instruction set that this CPU has gives the bits of the plainest one: each runs all cases in a process of its own. */
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "cases.h"

namespace {

uint64_t digest(const std::vector<std::vector<uint8_t>>& arrays) { /* FNV-1a */
    uint64_t hash = 0xCBF29CE484222325ull;
    for (const auto& array : arrays) {
        for (uint8_t byte : array) {
            hash = (hash ^ byte) * 0x100000001B3ull;
        }
    }
    return hash;
}

/* One digest a case; the level that ran in `ran`. */
std::vector<uint64_t> digests_at(const char* level, const std::vector<Case>& cases, std::string& ran) {
    int ends[2];
    if (pipe(ends) != 0) {
        std::perror("pipe");
        std::exit(1);
    }
    const pid_t child = fork();
    if (child == 0) {
        setenv("NOISETRAIL_CPU", level, 1);
        char name[32] = {};
        std::snprintf(name, sizeof name, "%s", nt_cpu_level());
        bool good = write(ends[1], name, sizeof name) == sizeof name;
        for (const Case& c : cases) {
            int32_t status;
            uint64_t value = digest(run_on_cpu(c, status));
            if (status != NT_OK) {
                std::fprintf(stderr, "%s: %s\n", c.name.c_str(), nt_last_error());
                good = false;
            }
            good = good && write(ends[1], &value, sizeof value) == sizeof value;
        }
        std::fflush(stderr);
        _exit(good ? 0 : 1);
    }
    close(ends[1]);
    char name[32] = {};
    std::vector<uint64_t> digests;
    if (read(ends[0], name, sizeof name) == sizeof name) {
        uint64_t value;
        while (read(ends[0], &value, sizeof value) == sizeof value) {
            digests.push_back(value);
        }
    }
    close(ends[0]);
    int status;
    waitpid(child, &status, 0);
    if (status != 0) {
        digests.clear();
    }
    ran = name;
    return digests;
}

} // namespace

int main() {
    std::vector<Case> cases = all_cases(Extent::ALL);
    for (const Case& c : cpu_cases()) {
        cases.push_back(c);
    }
    std::string ran;
    const std::vector<uint64_t> expected = digests_at("x86-64", cases, ran);
    if (ran != "x86-64" || expected.size() != cases.size()) {
        std::printf("FAILED: x86-64 did not run (%s)\n", ran.c_str());
        return 1;
    }
    int failures = 0;
    for (const char* level : {"x86-64-v3", "x86-64-v4"}) {
        const std::vector<uint64_t> actual = digests_at(level, cases, ran);
        if (ran != level) {
            std::printf("%s: skipped, this CPU has %s at most\n", level, ran.c_str());
            continue;
        }
        int different = actual.size() == cases.size() ? 0 : 1;
        for (size_t i = 0; i < cases.size() && i < actual.size(); i++) {
            if (actual[i] != expected[i]) {
                different++;
                std::printf("%s: other bits: %s\n", level, cases[i].name.c_str());
            }
        }
        std::printf("%s: %d of %zu cases differ from x86-64\n", level, different, cases.size());
        failures += different;
    }
    return failures == 0 ? 0 : 1;
}
