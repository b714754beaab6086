set(NOISETRAIL_CUDA_SOURCES
  ${CMAKE_SOURCE_DIR}/cuda/nt_cuda.cu ${CMAKE_SOURCE_DIR}/cuda/nt_noise.cu ${CMAKE_SOURCE_DIR}/cuda/nt_affine.cu
  ${CMAKE_SOURCE_DIR}/cuda/nt_images.cu ${CMAKE_SOURCE_DIR}/cuda/nt_jpeg.cu ${CMAKE_SOURCE_DIR}/cuda/nt_scores.cu ${CMAKE_SOURCE_DIR}/cuda/nt_norm.cu)

# The CUDA that the kernels are tested with, and that LibTorch's GPU build needs. Of older ones some do not know the architectures.
set(NOISETRAIL_CUDA_LEAST 13.0)

# Decides whether the CUDA kernels are compiled, and how.
set(NOISETRAIL_HAS_CUDA OFF)
if(NOT NOISETRAIL_CUDA STREQUAL "OFF")
  include(CheckLanguage)
  if(NOT CMAKE_CUDA_COMPILER)
    unset(CMAKE_CUDA_COMPILER CACHE) # what an earlier build did not find may be there now
  endif()
  set(CMAKE_CUDA_ARCHITECTURES ${NOISETRAIL_CUDA_ARCHITECTURES})
  check_language(CUDA)
  set(cuda_version "")
  if(CMAKE_CUDA_COMPILER)
    execute_process(COMMAND "${CMAKE_CUDA_COMPILER}" --version OUTPUT_VARIABLE cuda_version ERROR_QUIET)
    string(REGEX MATCH "release [0-9]+\\.[0-9]+" cuda_version "${cuda_version}")
    string(REPLACE "release " "" cuda_version "${cuda_version}")
  endif()
  if(CMAKE_CUDA_COMPILER AND NOISETRAIL_CUDA STREQUAL "AUTO" AND NOT cuda_version VERSION_GREATER_EQUAL NOISETRAIL_CUDA_LEAST)
    message(NOTICE "noisetrail: nvcc is of CUDA ${cuda_version}, and the kernels are tested with ${NOISETRAIL_CUDA_LEAST} and newer: they are left out; NOISETRAIL_CUDA=ON tries it")
    unset(CMAKE_CUDA_COMPILER CACHE) # a newer one may come
  elseif(CMAKE_CUDA_COMPILER)
    enable_language(CUDA)
    set(NOISETRAIL_HAS_CUDA ON)
  elseif(NOISETRAIL_CUDA STREQUAL "ON")
    message(FATAL_ERROR "NOISETRAIL_CUDA is ON and nvcc was not found: put it on PATH or set CMAKE_CUDA_COMPILER")
  else()
    message(NOTICE "noisetrail: nvcc was not found: the CUDA kernels are left out")
  endif()
endif()

function(noisetrail_add_cuda target)
  target_sources(${target} PRIVATE ${NOISETRAIL_CUDA_SOURCES})
  target_compile_definitions(${target} PRIVATE NT_WITH_CUDA)
  # One library that also loads on a machine without a driver.
  set_target_properties(${target} PROPERTIES CUDA_RUNTIME_LIBRARY Static CUDA_STANDARD 17 CUDA_STANDARD_REQUIRED ON)
  target_compile_options(${target} PRIVATE
    $<$<COMPILE_LANGUAGE:CUDA>:-O3 --fmad=false -Xcompiler=-Wall,-Wextra,-fvisibility=hidden>)
  if(NOISETRAIL_CUDA STREQUAL "ON")
    # A compiler of its user's choice; else one that happens to be there must not end the build by what it warns of.
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:--Werror=all-warnings>)
  endif()
endfunction()
