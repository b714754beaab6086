/* Clusters of blocks, emulated. */
#ifndef EMULATED_COOPERATIVE_GROUPS_H
#define EMULATED_COOPERATIVE_GROUPS_H

#include "cuda_runtime.h"

#define _CG_HAS_CLUSTER_GROUP

namespace cooperative_groups {

struct cluster_group {
    void sync() const {
        emulation::cluster_barrier();
    }
    template <class T>
    T* map_shared_rank(T* own, int rank) const {
        return static_cast<T*>(emulation::shared_of_block(own, rank));
    }
};

inline cluster_group this_cluster() {
    return {};
}

} // namespace cooperative_groups

#endif
