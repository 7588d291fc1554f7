#pragma once
#include "neon_store_s8.h"
