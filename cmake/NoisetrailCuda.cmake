set(NOISETRAIL_CUDA_SOURCES
  ${CMAKE_SOURCE_DIR}/cuda/nt_cuda.cu ${CMAKE_SOURCE_DIR}/cuda/nt_noise.cu ${CMAKE_SOURCE_DIR}/cuda/nt_affine.cu
  ${CMAKE_SOURCE_DIR}/cuda/nt_images.cu ${CMAKE_SOURCE_DIR}/cuda/nt_jpeg.cu ${CMAKE_SOURCE_DIR}/cuda/nt_scores.cu ${CMAKE_SOURCE_DIR}/cuda/nt_norm.cu)

# Decides whether the CUDA kernels are compiled, and how.
set(NOISETRAIL_HAS_CUDA OFF)
if(NOT NOISETRAIL_CUDA STREQUAL "OFF")
  include(CheckLanguage)
  if(NOT CMAKE_CUDA_COMPILER)
    unset(CMAKE_CUDA_COMPILER CACHE) # what an earlier build did not find may be there now
  endif()
  set(CMAKE_CUDA_ARCHITECTURES ${NOISETRAIL_CUDA_ARCHITECTURES})
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
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
    $<$<COMPILE_LANGUAGE:CUDA>:-O3 --fmad=false --Werror=all-warnings -Xcompiler=-Wall,-Wextra,-fvisibility=hidden>)
endfunction()
